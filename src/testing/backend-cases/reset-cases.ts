import type { Backend } from "../../backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsRealTime,
  needsReset,
} from "./backend-case.ts";
import { assertBackendError, isOutcomeUnknown } from "./family-error.ts";
import { faultsOf, outcomeInTime, untilWorks } from "./under-fault.ts";

/** Resets fall behind the calls by as many turns of the event loop as the round's number, so that they meet them on their way and back. */
const ROUND_COUNT = 5;
const CALLS_PER_ROUND = 40;

/** Makes many calls, resets every connection while they are on their way, and waits until all have settled and calls work again. */
async function callAndReset<T>(
  subject: ConformanceSubject,
  what: string,
  call: (name: string) => T | Promise<T>,
): Promise<ReadonlyMap<string, PromiseSettledResult<Awaited<T>>>> {
  const outcomes = new Map<string, PromiseSettledResult<Awaited<T>>>();
  for (let round = 0; round < ROUND_COUNT; round += 1) {
    const names = Array.from({ length: CALLS_PER_ROUND }, (_, index) => `${round} ${index}`);
    const running = names.map(async (name) => {
      outcomes.set(name, await outcomeInTime(subject, what, () => call(name)));
    });
    for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await faultsOf(subject).reset?.();
    await Promise.all(running);
    await untilWorks(subject);
  }
  for (const outcome of outcomes.values()) {
    if (outcome.status === "rejected") assertBackendError(outcome.reason, `${what} that a reset cut off`);
  }
  return outcomes;
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "has every write that it confirmed when connections are reset in the middle of many",
    async run(subject) {
      const { backend, context } = subject;
      const outcomes = await callAndReset(subject, "a write", (name) =>
        backend.set(subject.key(name), subject.write(`value of ${name}`), context),
      );
      for (const [name, { status }] of outcomes) {
        const entry = await backend.get(subject.key(name), context);
        if (status === "fulfilled") subject.assertEntry(entry, `value of ${name}`, "a confirmed write");
        // Nobody knows what became of the others, but there is nothing in between.
        else if (entry !== undefined) subject.assertEntry(entry, `value of ${name}`);
      }
    },
  },
  {
    name: "answers reads that a reset cuts off with their value or a BackendError, never with a miss",
    async run(subject) {
      const { backend, context } = subject;
      const keys = Array.from({ length: CALLS_PER_ROUND }, (_, index) => subject.key(`kept ${index}`));
      await Promise.all(keys.map((key) => subject.put(key, `of ${key}`)));
      const keyOf = (name: string): string => keys[Number(name.split(" ")[1])] as string;
      const outcomes = await callAndReset(subject, "a read", (name) => backend.get(keyOf(name), context));
      for (const [name, outcome] of outcomes) {
        if (outcome.status === "fulfilled") subject.assertEntry(outcome.value, `of ${keyOf(name)}`, "a read");
      }
    },
  },
  {
    name: "counts each confirmed increment once, and one of unknown outcome once at most, when connections are reset",
    requires: [needsCapability("counters")],
    async run(subject) {
      const { increment } = subject.backend as Required<Backend>;
      const request = { initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
      const key = subject.key("n");
      const outcomes = await callAndReset(subject, "an increment", () =>
        increment(key, { ...request, delta: 1n }, subject.context),
      );
      const all = [...outcomes.values()];
      const confirmed = all.filter(({ status }) => status === "fulfilled").length;
      const unknown = all.filter((outcome) => outcome.status === "rejected" && isOutcomeUnknown(outcome.reason)).length;
      const { value } = await increment(key, { ...request, delta: 0n }, subject.context);
      assert.ok(
        value >= confirmed && value <= confirmed + unknown,
        `the counter is ${value} after ${confirmed} confirmed and ${unknown} unknown increments`,
      );
    },
  },
  {
    name: "never tells a writer on condition of absence that others were faster when there were none",
    requires: [needsCapability("conditionalWrites")],
    async run(subject) {
      const { backend, context } = subject;
      const outcomes = await callAndReset(subject, "a conditional write", (name) =>
        backend.set(subject.key(name), subject.write(name, { condition: { kind: "absent" } }), context),
      );
      for (const [name, outcome] of outcomes) {
        if (outcome.status === "rejected") continue;
        assert.equal(outcome.value.stored, true, "the only writer of the key was refused");
        await subject.assertHolds(subject.key(name), name);
      }
    },
  },
];

/** Connections that are reset while calls are on their way: nothing is lost in silence, and nothing happens twice. */
export const resetCases: readonly BackendCase[] = defineCases(
  "faults",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsReset, ...(definition.requires ?? []), needsRealTime],
  })),
);
