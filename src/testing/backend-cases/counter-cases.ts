import type { Backend } from "../../backend/backend.ts";
import { type CounterRequest, type CounterResult, MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsSecondClient,
} from "./backend-case.ts";

/** An integer as a store has it: a number or bigint, or the decimal text of a store of bytes. */
function integer({ backend }: ConformanceSubject, value: number | bigint): unknown {
  return backend.capabilities.storage === "bytes" ? new TextEncoder().encode(String(value)) : value;
}

async function increment(
  subject: ConformanceSubject,
  key: string,
  delta: bigint,
  details: Partial<CounterRequest> = {},
  client: Backend = subject.backend,
): Promise<CounterResult> {
  const request = {
    delta,
    initial: 0n,
    ttlMs: Number.POSITIVE_INFINITY,
    minimum: MIN_COUNTER,
    maximum: MAX_COUNTER,
    ...details,
  };
  return (client as Required<Backend>).increment(key, request, subject.context);
}

function assertRefused(call: () => Promise<unknown>, code: string): Promise<void> {
  return assert.rejects(call, (error) => {
    if ((error as { readonly code?: unknown }).code !== code) assert.fail(`expected ${code}, got ${error}`);
  });
}

async function assertNoLostCount(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const key = subject.key("busy");
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      increment(subject, key, BigInt(1 + (index % 3)), {}, clients[index % clients.length] as Backend),
    ),
  );
  assert.equal(new Set(results.map((result) => result.value)).size, 100, "every caller saw a value of its own");
  assert.equal((await increment(subject, key, 0n)).value, 199n);
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "counts up and down from the initial value",
    async run(subject) {
      const key = subject.key("n");
      assert.equal((await increment(subject, key, 1n)).value, 1n);
      assert.equal((await increment(subject, key, 10n)).value, 11n);
      assert.equal((await increment(subject, key, -20n)).value, -9n);
      assert.equal((await increment(subject, key, 0n)).value, -9n);
      assert.equal((await increment(subject, subject.key("m"), 5n, { initial: 100n })).value, 105n);
      assert.equal(
        (await increment(subject, subject.key("m"), 5n, { initial: 100n })).value,
        110n,
        "initial is for absent keys",
      );
    },
  },
  {
    name: "starts anew after a delete",
    async run(subject) {
      const key = subject.key("n");
      await increment(subject, key, 5n);
      assert.equal(await subject.backend.delete(key, subject.context), true);
      await subject.assertMiss(key, "the counter was deleted");
      assert.equal((await increment(subject, key, 1n)).value, 1n);
    },
  },
  {
    name: "counts exactly beyond 2^53 and to both ends of 64 bits",
    async run(subject) {
      const big = 2n ** 53n;
      assert.equal((await increment(subject, subject.key("big"), 1n, { initial: big })).value, big + 1n);
      assert.equal((await increment(subject, subject.key("big"), 2n)).value, big + 3n);
      assert.equal(
        (await increment(subject, subject.key("top"), 1n, { initial: MAX_COUNTER - 1n })).value,
        MAX_COUNTER,
      );
      assert.equal(
        (await increment(subject, subject.key("low"), -1n, { initial: MIN_COUNTER + 1n })).value,
        MIN_COUNTER,
      );
    },
  },
  {
    name: "refuses a result outside the range and changes nothing",
    async run(subject) {
      const key = subject.key("n");
      const { version } = await increment(subject, key, 10n);
      await assertRefused(() => increment(subject, key, 1n, { maximum: 10n }), "GCX_COUNTER_RANGE");
      await assertRefused(() => increment(subject, key, -11n, { minimum: 0n }), "GCX_COUNTER_RANGE");
      await assertRefused(() => increment(subject, key, MAX_COUNTER), "GCX_COUNTER_RANGE");
      assert.equal((await subject.backend.get(key, subject.context))?.version, version, "a refusal writes nothing");
      assert.equal((await increment(subject, key, -10n, { minimum: 0n })).value, 0n, "the ends belong to the range");
    },
  },
  {
    name: "creates nothing when the first result is outside the range",
    async run(subject) {
      const key = subject.key("n");
      await assertRefused(() => increment(subject, key, 1n, { initial: 10n, maximum: 10n }), "GCX_COUNTER_RANGE");
      await subject.assertMiss(key, "the counter was refused");
    },
  },
  {
    name: "refuses to count a value that is no integer, and keeps it",
    async run(subject) {
      for (const [index, sample] of ["text", "", { n: 1 }, null, 1.5].entries()) {
        const key = subject.key(`no counter ${index}`);
        await subject.put(key, sample);
        await assertRefused(() => increment(subject, key, 1n), "GCX_COUNTER_TYPE");
        await subject.assertHolds(key, sample);
      }
    },
  },
  {
    name: "reads a counter as its number, or as a bigint beyond 2^53; as decimal text where bytes are kept",
    async run(subject) {
      await increment(subject, subject.key("n"), 7n);
      await subject.assertHolds(subject.key("n"), integer(subject, 7));
      await increment(subject, subject.key("big"), 1n, { initial: 2n ** 60n });
      await subject.assertHolds(subject.key("big"), integer(subject, 2n ** 60n + 1n));
    },
  },
  {
    name: "counts on from an integer that was written as a value",
    async run(subject) {
      await subject.put(subject.key("n"), integer(subject, 41));
      assert.equal((await increment(subject, subject.key("n"), 1n)).value, 42n);
    },
  },
  {
    name: "gives a new counter its TTL and lets an existing one keep its own",
    waits: true,
    async run(subject) {
      const key = subject.key("n");
      await increment(subject, key, 1n, { ttlMs: 4 * subject.ttlUnitMs });
      await subject.advance(subject.ttlUnitMs);
      assert.equal((await increment(subject, key, 1n, { ttlMs: 60 * subject.ttlUnitMs })).value, 2n);
      await subject.advance(4 * subject.ttlUnitMs);
      await subject.assertMiss(key, "its first TTL is over");
      assert.equal((await increment(subject, key, 1n)).value, 1n, "an expired counter starts anew");
    },
  },
  {
    name: "counts a repeated request with the same id once",
    async run(subject) {
      const key = subject.key("n");
      const first = await increment(subject, key, 5n, { opId: subject.key("op 1") });
      await increment(subject, key, 100n);
      assert.deepEqual(
        await increment(subject, key, 5n, { opId: subject.key("op 1") }),
        first,
        "the first result again",
      );
      assert.equal((await increment(subject, key, 5n, { opId: subject.key("op 2") })).value, 110n, "another id counts");
    },
  },
  {
    name: "counts requests with the same id once when they run together",
    async run(subject) {
      const key = subject.key("n");
      const opId = subject.key("op");
      const results = await Promise.all(Array.from({ length: 20 }, () => increment(subject, key, 3n, { opId })));
      assert.deepEqual(new Set(results.map((result) => result.value)), new Set([3n]));
      assert.equal((await increment(subject, key, 0n)).value, 3n);
    },
  },
  {
    name: "counts requests with the same id once when two clients send them",
    requires: [needsSecondClient],
    async run(subject) {
      const key = subject.key("n");
      const opId = subject.key("op");
      const clients = [subject.backend, await subject.openSecond()];
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => increment(subject, key, 3n, { opId }, clients[index % 2])),
      );
      assert.deepEqual(new Set(results.map((result) => result.value)), new Set([3n]));
      assert.equal((await increment(subject, key, 0n)).value, 3n);
    },
  },
  {
    name: "counts a request for each key that it names, also when they share an id",
    async run(subject) {
      const opId = subject.key("op");
      assert.equal((await increment(subject, subject.key("n"), 5n, { opId })).value, 5n);
      assert.equal((await increment(subject, subject.key("m"), 7n, { opId })).value, 7n, "the id belongs to its key");
      assert.equal((await increment(subject, subject.key("n"), 5n, { opId })).value, 5n);
    },
  },
  {
    name: "refuses to repeat a result that is outside the range of the repeated request, and forgets nothing",
    async run(subject) {
      const key = subject.key("n");
      const opId = subject.key("op");
      const first = await increment(subject, key, 10n, { opId });
      await assertRefused(() => increment(subject, key, 10n, { opId, maximum: 9n }), "GCX_COUNTER_RANGE");
      await assertRefused(() => increment(subject, key, 10n, { opId, minimum: 11n }), "GCX_COUNTER_RANGE");
      assert.deepEqual(await increment(subject, key, 10n, { opId, maximum: 10n }), first, "the first result again");
    },
  },
  {
    name: "gives a new counter its tags, and an existing one no others",
    requires: [needsCapability("tags")],
    async run(subject) {
      const [key, tag, other] = [subject.key("n"), subject.key("tag"), subject.key("other")];
      await increment(subject, key, 1n, { tags: [tag] });
      await increment(subject, key, 1n, { tags: [other] });
      await subject.backend.invalidateTags?.([other], subject.context);
      assert.equal((await increment(subject, key, 1n)).value, 3n, "its tags are those it was created with");
      await subject.backend.invalidateTags?.([tag], subject.context);
      await subject.assertMiss(key, "its tag was invalidated");
    },
  },
  {
    name: "keeps the tags of a counter",
    requires: [needsCapability("tags")],
    async run(subject) {
      const tag = subject.key("tag");
      await subject.put(subject.key("n"), integer(subject, 1), { tags: [tag] });
      await increment(subject, subject.key("n"), 1n);
      await subject.backend.invalidateTags?.([tag], subject.context);
      await subject.assertMiss(subject.key("n"), "its tag was invalidated");
    },
  },
  {
    name: "loses no count when a hundred run together",
    run: (subject) => assertNoLostCount(subject, [subject.backend]),
  },
  {
    name: "loses no count when two clients count together",
    requires: [needsSecondClient],
    run: async (subject) => assertNoLostCount(subject, [subject.backend, await subject.openSecond()]),
  },
];

/** Capability `counters`: integers of 64 bits that no two callers move at once. */
export const counterCases: readonly BackendCase[] = defineCases(
  "counters",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("counters"), ...(definition.requires ?? [])],
  })),
);
