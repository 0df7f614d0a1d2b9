import type { CommitResult } from "../../src/backend/commit.ts";
import type { CounterResult } from "../../src/backend/counter.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { LeaseOutcome } from "../../src/backend/lease.ts";
import type { StoredEntry } from "../../src/backend/stored-entry.ts";
import { type BrokenDouble, oneTurn } from "./broken-double.ts";

/** Defects in what must be atomic. */
export const brokenAtomicDoubles: readonly BrokenDouble[] = [
  {
    defect: "checks a condition of absence, waits, and then writes",
    failingGroups: ["conditional-writes"],
    async: true,
    breakBackend: (correct) => ({
      set: async (key, write, context) => {
        if (write.condition?.kind !== "absent") return correct.set(key, write, context);
        const before = await correct.get(key, context);
        if (before !== undefined) return { stored: false, version: before.version };
        await oneTurn();
        return correct.set(key, { ...write, condition: undefined }, context);
      },
    }),
  },
  {
    defect: "compares values instead of versions",
    failingGroups: ["conditional-writes", "clear", "stale"],
    breakBackend: (correct) => {
      const valueOfVersion = new Map<number, unknown>();
      return {
        set: (key, write, context) => {
          const { condition } = write;
          const before = correct.get(key, context) as StoredEntry | undefined;
          const isSame =
            condition?.kind === "version" &&
            (before === undefined || before.value === valueOfVersion.get(condition.version));
          const result = correct.set(key, isSame ? { ...write, condition: undefined } : write, context) as {
            stored: boolean;
            version: number;
          };
          if (result.stored) valueOfVersion.set(result.version, write.value);
          return result;
        },
      };
    },
  },
  {
    defect: "counts by reading, waiting and writing",
    failingGroups: ["counters"],
    async: true,
    breakBackend: (correct) => ({
      increment: async (key, request, context) => {
        if (request.opId !== undefined) return correct.increment(key, request, context);
        const entry = await correct.get(key, context);
        if (entry === undefined || typeof entry.value !== "number") return correct.increment(key, request, context);
        await oneTurn();
        const difference =
          BigInt(entry.value) - BigInt(((await correct.get(key, context))?.value as number | undefined) ?? 0);
        return correct.increment(key, { ...request, delta: request.delta + difference }, context);
      },
    }),
  },
  {
    defect: "counts with floating point",
    failingGroups: ["counters"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => {
        const result = correct.increment(key, request, context) as CounterResult;
        return { ...result, value: BigInt(Number(result.value)) };
      },
    }),
  },
  {
    defect: "forgets the ids of repeated requests",
    failingGroups: ["counters"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => correct.increment(key, { ...request, opId: undefined }, context),
    }),
  },
  {
    defect: "takes the same id for the same request whatever the key",
    failingGroups: ["counters"],
    breakBackend: (correct) => {
      const results = new Map<string, CounterResult>();
      return {
        increment: (key, request, context) => {
          const result = results.get(request.opId ?? "") ?? (correct.increment(key, request, context) as CounterResult);
          if (request.opId !== undefined) results.set(request.opId, result);
          return result;
        },
      };
    },
  },
  {
    defect: "repeats a remembered result without looking at the range that is asked now",
    failingGroups: ["counters"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => {
        const { opId } = request;
        const range = opId === undefined ? {} : { minimum: MIN_COUNTER, maximum: MAX_COUNTER };
        return correct.increment(key, { ...request, ...range }, context);
      },
    }),
  },
  {
    defect: "loses the tags of a new counter",
    failingGroups: ["counters"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => correct.increment(key, { ...request, tags: [] }, context),
    }),
  },
  {
    defect: "applies the writes of a transaction up to the check that fails",
    failingGroups: ["transactions"],
    breakBackend: (correct) => ({
      commit: (checks, writes, context) => {
        const result = correct.commit(checks, writes, context) as CommitResult;
        if (!result.committed && writes.length > 1) correct.commit([], writes.slice(0, 1), context);
        return result;
      },
    }),
  },
  {
    defect: "checks only the keys that a transaction writes",
    failingGroups: ["transactions"],
    breakBackend: (correct) => ({
      commit: (checks, writes, context) =>
        correct.commit(
          checks.filter((check) => writes.some((write) => write.key === check.key)),
          writes,
          context,
        ),
    }),
  },
  {
    defect: "gives out lease tokens again",
    failingGroups: ["leases"],
    breakBackend: (correct) => ({
      lease: (request, context) => {
        const outcome = correct.lease(request, context) as LeaseOutcome;
        return outcome.kind === "held" ? { kind: "held", token: 1 } : outcome;
      },
    }),
  },
  {
    defect: "gives the holder of a lease a new token when it asks again",
    failingGroups: ["leases"],
    breakBackend: (correct) => ({
      lease: (request, context) => {
        if (request.kind === "acquire") correct.lease({ ...request, kind: "release" }, context);
        return correct.lease(request, context);
      },
    }),
  },
  {
    defect: "refuses a lease to the one who holds it",
    failingGroups: ["leases"],
    breakBackend: (correct) => ({
      lease: (request, context) => {
        if (request.kind !== "acquire") return correct.lease(request, context);
        const stranger = { ...request, owner: `not ${request.owner}` };
        const outcome = correct.lease(stranger, context) as LeaseOutcome;
        if (outcome.kind === "busy") return outcome;
        correct.lease({ ...stranger, kind: "release" }, context);
        return correct.lease(request, context);
      },
    }),
  },
  {
    defect: "lets anybody release a lease",
    failingGroups: ["leases"],
    breakBackend: (correct) => {
      const owners = new Map<string, string>();
      return {
        lease: (request, context) => {
          const owner = request.kind === "release" ? (owners.get(request.key) ?? request.owner) : request.owner;
          const outcome = correct.lease({ ...request, owner }, context) as LeaseOutcome;
          if (request.kind === "acquire" && outcome.kind === "held") owners.set(request.key, request.owner);
          return outcome;
        },
      };
    },
  },
];
