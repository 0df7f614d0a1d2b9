import type { Backend } from "../../backend/backend.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsSecondClient,
} from "./backend-case.ts";

const ABSENT = { kind: "absent" } as const;
const MAX_ATTEMPTS = 1_000;

/** Exactly one of many that write only when the key is absent may win, and its value must be the one that stays. */
async function assertOneWinner(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const key = subject.key(`race ${round}`);
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        (clients[index % clients.length] as Backend).set(
          key,
          subject.write(index, { condition: ABSENT }),
          subject.context,
        ),
      ),
    );
    const winners = results.flatMap((result, index) => (result.stored ? [index] : []));
    assert.equal(winners.length, 1, `${winners.length} writers won`);
    await subject.assertHolds(key, winners[0]);
  }
}

/** Adds one by read and conditional write until it succeeds. */
async function addOne(subject: ConformanceSubject, client: Backend, key: string): Promise<void> {
  // Bounded, for a store that refuses for ever and synchronously would keep even the kit's deadline from firing.
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const entry = await client.get(key, subject.context);
    const condition = entry === undefined ? ABSENT : ({ kind: "version", version: entry.version } as const);
    const next = entry === undefined ? 1 : (subject.sampleOf(entry.value) as number) + 1;
    if ((await client.set(key, subject.write(next, { condition }), subject.context)).stored) return;
  }
  assert.fail(`the write was refused ${MAX_ATTEMPTS} times`);
}

async function assertNoLostUpdate(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const key = subject.key("sum");
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => addOne(subject, clients[index % clients.length] as Backend, key)),
  );
  await subject.assertHolds(key, 20);
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "writes on condition of absence only when nothing lives there",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const first = await backend.set(key, subject.write("first", { condition: ABSENT }), context);
      assert.equal(first.stored, true);
      const refused = await backend.set(key, subject.write("second", { condition: ABSENT }), context);
      assert.deepEqual(
        { ...refused, previous: undefined },
        { stored: false, version: first.version, previous: undefined },
      );
      await subject.assertHolds(key, "first");
    },
  },
  {
    name: "takes null, 0, false and the empty string for present",
    async run(subject) {
      for (const [index, sample] of [null, 0, false, ""].entries()) {
        const key = subject.key(`falsy ${index}`);
        await subject.put(key, sample);
        const refused = await subject.backend.set(key, subject.write("other", { condition: ABSENT }), subject.context);
        assert.equal(refused.stored, false);
        await subject.assertHolds(key, sample);
      }
    },
  },
  {
    name: "takes a deleted or expired entry for absent",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const [deleted, expired] = [subject.key("deleted"), subject.key("expired")];
      await subject.put(deleted, "old");
      await backend.delete(deleted, context);
      await subject.put(expired, "old", { ttlMs: 2 * ttlUnitMs });
      await subject.advance(3 * ttlUnitMs);
      for (const key of [deleted, expired]) {
        assert.equal((await backend.set(key, subject.write("new", { condition: ABSENT }), context)).stored, true);
        await subject.assertHolds(key, "new");
      }
    },
  },
  {
    name: "writes on condition of a version only when exactly that one lives there",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const old = await subject.put(key, "old");
      const current = await subject.put(key, "current");
      const refused = await backend.set(
        key,
        subject.write("late", { condition: { kind: "version", version: old } }),
        context,
      );
      assert.equal(refused.stored, false);
      assert.equal(refused.version, current, "a refusal names the live version");
      await subject.assertHolds(key, "current");
      const accepted = await backend.set(
        key,
        subject.write("next", { condition: { kind: "version", version: current } }),
        context,
      );
      assert.equal(accepted.stored, true);
      assert.ok(accepted.version > current, "its version is larger");
      await subject.assertHolds(key, "next");
    },
  },
  {
    name: "refuses a version when nothing lives there, with version 0",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = subject.key("a");
      const version = await subject.put(key, "value", { ttlMs: 2 * ttlUnitMs });
      await subject.advance(3 * ttlUnitMs);
      const refused = await backend.set(
        key,
        subject.write("late", { condition: { kind: "version", version } }),
        context,
      );
      assert.equal(refused.stored, false);
      assert.equal(refused.version, 0);
      await subject.assertMiss(key, "the write was refused");
    },
  },
  {
    name: "refuses an old version after the key was deleted and written again with the same value",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const version = await subject.put(key, "same");
      await backend.delete(key, context);
      await subject.put(key, "same");
      const refused = await backend.set(
        key,
        subject.write("late", { condition: { kind: "version", version } }),
        context,
      );
      assert.equal(refused.stored, false);
      await subject.assertHolds(key, "same");
    },
  },
  {
    name: "does not change the TTL of an entry when it refuses a write",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 3 * subject.ttlUnitMs });
      await subject.backend.set(key, subject.write("other", { condition: ABSENT }), subject.context);
      await subject.advance(4 * subject.ttlUnitMs);
      await subject.assertMiss(key, "the first TTL is over");
    },
  },
  {
    name: "returns the entry that a write replaced",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const first = await backend.set(key, subject.write("first", { returnPrevious: true }), context);
      assert.equal(first.stored, true);
      assert.equal(first.previous, undefined, "nothing was there");
      const second = await backend.set(key, subject.write("second", { returnPrevious: true }), context);
      assert.equal(subject.assertEntry(second.previous, "first").version, first.version);
      await subject.assertHolds(key, "second");
    },
  },
  {
    name: "hands every replaced value to exactly one of many writers",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "start");
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          subject.backend.set(key, subject.write(index, { returnPrevious: true }), subject.context),
        ),
      );
      const seen = results.map((result) => result.previous?.version);
      assert.equal(new Set(seen).size, results.length, "no value was replaced twice");
    },
  },
  {
    name: "lets exactly one of many writers that run together create a key",
    run: (subject) => assertOneWinner(subject, [subject.backend]),
  },
  {
    name: "lets exactly one of many writers of two clients create a key",
    requires: [needsSecondClient],
    run: async (subject) => assertOneWinner(subject, [subject.backend, await subject.openSecond()]),
  },
  {
    name: "loses no update when many read and write back by version",
    run: (subject) => assertNoLostUpdate(subject, [subject.backend]),
  },
  {
    name: "loses no update when two clients read and write back by version",
    requires: [needsSecondClient],
    run: async (subject) => assertNoLostUpdate(subject, [subject.backend, await subject.openSecond()]),
  },
];

/** Capability `conditionalWrites`: the condition is checked and the write applied in one step. */
export const conditionalWriteCases: readonly BackendCase[] = defineCases(
  "conditional-writes",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("conditionalWrites"), ...(definition.requires ?? [])],
  })),
);
