import { assert } from "../bounded-assert.ts";
import { type BackendCase, defineCases } from "./backend-case.ts";

/** Reading, writing and deleting single entries. */
export const basicsCases: readonly BackendCase[] = defineCases("basics", [
  {
    name: "answers undefined for a key that was never written",
    run: (subject) => subject.assertMiss(subject.key("absent")),
  },
  {
    name: "reads back what was written, with its version, no end and no tags",
    async run(subject) {
      const key = subject.key("a");
      const version = await subject.put(key, { name: "Ada", born: 1815 });
      const entry = await subject.assertHolds(key, { name: "Ada", born: 1815 });
      assert.equal(entry.version, version);
      assert.equal(entry.expiresAt, Number.POSITIVE_INFINITY);
      assert.deepEqual([...entry.tags], []);
    },
  },
  {
    name: "replaces a value by a later write",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "first");
      await subject.put(key, "second");
      await subject.assertHolds(key, "second");
    },
  },
  {
    name: "reads the same entry as often as it is asked",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, ["again"]);
      for (let readCount = 0; readCount < 5; readCount += 1) await subject.assertHolds(key, ["again"]);
    },
  },
  {
    name: "says whether a delete removed a live entry, and removes it",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      assert.equal(await backend.delete(key, context), false, "nothing was there");
      await subject.put(key, "value");
      assert.equal(await backend.delete(key, context), true, "an entry was there");
      await subject.assertMiss(key, "it was deleted");
      assert.equal(await backend.delete(key, context), false, "it was deleted before");
    },
  },
  {
    name: "writes again after a delete",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "old");
      await subject.backend.delete(key, subject.context);
      await subject.put(key, "new");
      await subject.assertHolds(key, "new");
    },
  },
  {
    name: "leaves other keys alone when one is deleted",
    async run(subject) {
      await subject.put(subject.key("a"), 1);
      await subject.put(subject.key("b"), 2);
      await subject.backend.delete(subject.key("a"), subject.context);
      await subject.assertHolds(subject.key("b"), 2);
    },
  },
  {
    name: "answers a ping when it is well",
    run: async (subject) => void (await subject.backend.ping?.(subject.context)),
  },
  {
    name: "has a name, an epoch and capabilities that stay the same",
    async run({ backend }) {
      assert.ok(backend.name.length > 0, "a name");
      assert.ok(backend.epoch.length > 0, "an epoch");
      const before = { ...backend.capabilities };
      assert.deepEqual({ ...backend.capabilities }, before);
      assert.equal(backend.capabilities.local && backend.peek === undefined, false, "a local store has peek");
    },
  },
]);
