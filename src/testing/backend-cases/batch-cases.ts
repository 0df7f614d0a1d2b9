import { assert } from "../bounded-assert.ts";
import { type BackendCase, defineCases } from "./backend-case.ts";

const MANY_COUNT = 1_000;

/** Operations on many keys are what the single ones are, in the order they were asked. */
export const batchCases: readonly BackendCase[] = defineCases("batches", [
  {
    name: "reads many keys in their order, with undefined for misses",
    async run(subject) {
      await subject.put(subject.key("b"), "B");
      await subject.put(subject.key("d"), null);
      const keys = ["a", "b", "c", "d", "e"].map((name) => subject.key(name));
      const entries = await subject.backend.getMulti(keys, subject.context);
      assert.equal(entries.length, 5);
      assert.deepEqual(
        entries.map((entry) => entry !== undefined),
        [false, true, false, true, false],
      );
      subject.assertEntry(entries[1], "B");
      subject.assertEntry(entries[3], null);
    },
  },
  {
    name: "answers a key that is asked twice in one batch twice",
    async run(subject) {
      await subject.put(subject.key("a"), "A");
      await subject.put(subject.key("b"), "B");
      const keys = ["a", "b", "a", "a"].map((name) => subject.key(name));
      const entries = await subject.backend.getMulti(keys, subject.context);
      assert.equal(entries.length, 4);
      for (const [index, sample] of ["A", "B", "A", "A"].entries()) subject.assertEntry(entries[index], sample);
    },
  },
  {
    name: "takes empty batches",
    async run({ backend, context }) {
      assert.deepEqual(await backend.getMulti([], context), []);
      assert.deepEqual(await backend.setMulti([], context), []);
      assert.equal(await backend.deleteMulti([], context), 0);
    },
  },
  {
    name: "writes many entries, each with its own value and TTL, and answers in their order",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const items = [
        [subject.key("short"), subject.write("S", { ttlMs: 2 * ttlUnitMs })],
        [subject.key("long"), subject.write("L", { ttlMs: 60 * ttlUnitMs })],
        [subject.key("ever"), subject.write(0)],
      ] as const;
      const results = await backend.setMulti(items, context);
      assert.deepEqual(
        results.map((result) => result.stored),
        [true, true, true],
      );
      for (const [index, [key]] of items.entries()) {
        assert.equal((await backend.get(key, context))?.version, results[index]?.version, "results keep the order");
      }
      await subject.advance(3 * ttlUnitMs);
      await subject.assertMiss(subject.key("short"), "its TTL is over");
      await subject.assertHolds(subject.key("long"), "L");
      await subject.assertHolds(subject.key("ever"), 0);
    },
  },
  {
    name: "keeps the last of several writes of one key in a batch",
    waits: true,
    async run(subject) {
      const [key, other] = [subject.key("twice"), subject.key("once")];
      const results = await subject.backend.setMulti(
        [
          [key, subject.write("first", { ttlMs: 2 * subject.ttlUnitMs })],
          [other, subject.write("other")],
          [key, subject.write("last")],
        ],
        subject.context,
      );
      assert.equal(results.length, 3);
      assert.equal(
        (await subject.assertHolds(key, "last")).version,
        results[2]?.version,
        "the version of the last write",
      );
      await subject.assertHolds(other, "other");
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertHolds(key, "last");
    },
  },
  {
    name: "counts the live entries that a delete of many removed",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const keys = ["a", "b", "c", "expired", "absent"].map((name) => subject.key(name));
      await subject.put(subject.key("expired"), 1, { ttlMs: 2 * ttlUnitMs });
      await subject.advance(3 * ttlUnitMs);
      for (const key of keys.slice(0, 3)) await subject.put(key, false);
      await subject.put(subject.key("other"), "stays");
      assert.equal(await backend.deleteMulti(keys, context), 3);
      assert.deepEqual(
        await backend.getMulti(keys, context),
        keys.map(() => undefined),
      );
      await subject.assertHolds(subject.key("other"), "stays");
    },
  },
  {
    name: "writes, reads and deletes a thousand keys in one batch each",
    async run(subject) {
      const { backend, context } = subject;
      const keys = Array.from({ length: MANY_COUNT }, (_, index) => subject.key(`many ${index}`));
      await backend.setMulti(
        keys.map((key, index) => [key, subject.write({ index })] as const),
        context,
      );
      const entries = await backend.getMulti([...keys].reverse(), context);
      for (const [index, entry] of [...entries].reverse().entries()) subject.assertEntry(entry, { index });
      assert.equal(await backend.deleteMulti(keys, context), MANY_COUNT);
    },
  },
  {
    name: "keeps large and empty values apart in one batch",
    async run(subject) {
      const samples = [new Uint8Array(0), new Uint8Array(100_000).fill(7), "", null, new Uint8Array([13, 10]), "end"];
      const keys = samples.map((_, index) => subject.key(`mixed ${index}`));
      await subject.backend.setMulti(
        samples.map((sample, index) => [keys[index] as string, subject.write(sample)] as const),
        subject.context,
      );
      const entries = await subject.backend.getMulti(keys, subject.context);
      for (const [index, sample] of samples.entries()) subject.assertEntry(entries[index], sample);
    },
  },
]);
