import type { Backend } from "../../src/backend/backend.ts";
import type { StoredEntry, WriteResult } from "../../src/backend/stored-entry.ts";
import type { BrokenDouble } from "./broken-double.ts";

/** Reads through `change` wherever an entry can be read. */
function changeReads(
  correct: Required<Backend>,
  change: (entry: StoredEntry) => StoredEntry | undefined,
): Partial<Backend> {
  const changed = (entry: StoredEntry | undefined): StoredEntry | undefined =>
    entry === undefined ? undefined : change(entry);
  const get: Backend["get"] = (key, context) => changed(correct.get(key, context) as StoredEntry | undefined);
  return {
    get,
    getMulti: (keys, context) => keys.map((key) => get(key, context) as StoredEntry | undefined),
    peek: (key) => (get(key, {}) as StoredEntry | undefined)?.value,
  };
}

/** All keys changed on their way in. */
function changeKeys(correct: Required<Backend>, change: (key: string) => string): Partial<Backend> {
  return {
    get: (key, context) => correct.get(change(key), context),
    getMulti: (keys, context) => correct.getMulti(keys.map(change), context),
    set: (key, write, context) => correct.set(change(key), write, context),
    setMulti: (items, context) =>
      correct.setMulti(
        items.map(([key, write]) => [change(key), write] as const),
        context,
      ),
    delete: (key, context) => correct.delete(change(key), context),
    deleteMulti: (keys, context) => correct.deleteMulti(keys.map(change), context),
    peek: (key) => correct.peek(change(key)),
  };
}

/** As JSON has it; what is huge stays, for its text would take seconds to make. */
function throughJson(value: unknown): unknown {
  if (value instanceof Uint8Array && value.length > 400_000) return value;
  return JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part)));
}

/** Defects in reading, writing and ending entries. */
export const brokenEntryDoubles: readonly BrokenDouble[] = [
  {
    defect: "always says that a delete removed something",
    failingGroups: ["basics", "ttl", "tags", "clear", "concurrency", "stale"],
    breakBackend: (correct) => ({
      delete: (key, context) => {
        correct.delete(key, context);
        return true;
      },
    }),
  },
  {
    defect: "invents an end for entries that have none",
    failingGroups: ["basics", "ttl", "expire"],
    breakBackend: (correct) =>
      changeReads(correct, (entry) => ({ ...entry, expiresAt: Math.min(entry.expiresAt, Number.MAX_SAFE_INTEGER) })),
  },
  {
    defect: "takes falsy values for a miss",
    failingGroups: [
      "values",
      "basics",
      "batches",
      "conditional-writes",
      "counters",
      "transactions",
      "tags",
      "clear",
      "abort",
    ],
    breakBackend: (correct) => changeReads(correct, (entry) => (entry.value ? entry : undefined)),
  },
  {
    defect: "keeps values as JSON",
    failingGroups: ["values", "basics", "batches", "counters", "concurrency"],
    breakBackend: (correct) => changeReads(correct, (entry) => ({ ...entry, value: throughJson(entry.value) })),
  },
  {
    defect: "folds the case of keys",
    failingGroups: ["keys"],
    breakBackend: (correct) => changeKeys(correct, (key) => key.toLowerCase()),
  },
  {
    defect: "cuts keys to 250 characters",
    failingGroups: ["keys", "scan"],
    breakBackend: (correct) => ({ ...changeKeys(correct, (key) => key.slice(0, 250)), scan: correct.scan }),
  },
  {
    defect: "returns entries whose TTL is over",
    failingGroups: ["ttl", "expire", "batches", "conditional-writes", "transactions", "scan", "stale"],
    breakBackend: (correct) => ({
      set: (key, write, context) => correct.set(key, { ...write, ttlMs: Number.POSITIVE_INFINITY }, context),
      setMulti: (items, context) =>
        correct.setMulti(
          items.map(([key, write]) => [key, { ...write, ttlMs: Number.POSITIVE_INFINITY }] as const),
          context,
        ),
    }),
  },
  {
    defect: "keeps an old TTL when a key is written again",
    failingGroups: ["ttl"],
    breakBackend: (correct, host) => ({
      set: (key, write, context) => {
        const before = correct.get(key, context) as StoredEntry | undefined;
        const restMs = before === undefined ? Number.POSITIVE_INFINITY : before.expiresAt - host.clock.wallMs();
        return correct.set(key, { ...write, ttlMs: Math.min(write.ttlMs, restMs) }, context);
      },
    }),
  },
  {
    defect: "adds a new TTL to what remains of the old one",
    failingGroups: ["expire"],
    breakBackend: (correct) => ({
      expire: (key, ttlMs, context) =>
        correct.expire(key, ttlMs === Number.POSITIVE_INFINITY ? 60_000 : ttlMs, context),
    }),
  },
  {
    defect: "gives versions of its own to each key, beginning again after a delete",
    failingGroups: ["versions", "transactions", "conditional-writes", "stale"],
    breakBackend: (correct) => restartingVersions(correct),
  },
  {
    defect: "drops misses from batches",
    failingGroups: [
      "basics",
      "ttl",
      "expire",
      "keys",
      "batches",
      "conditional-writes",
      "counters",
      "transactions",
      "leases",
      "tags",
      "clear",
      "concurrency",
      "stale",
    ],
    breakBackend: (correct) => ({
      getMulti: (keys, context) =>
        (correct.getMulti(keys, context) as (StoredEntry | undefined)[]).filter((entry) => entry !== undefined),
    }),
  },
  {
    defect: "keeps the first of several writes of one key in a batch",
    failingGroups: ["batches"],
    breakBackend: (correct) => ({
      setMulti: (items, context) => {
        const results = correct.setMulti([...items].reverse(), context) as readonly WriteResult[];
        return [...results].reverse();
      },
    }),
  },
  {
    defect: "answers batches in the order of the keys' names",
    failingGroups: ["batches"],
    breakBackend: (correct) => ({
      setMulti: (items, context) =>
        correct.setMulti(
          [...items].sort(([left], [right]) => (left < right ? -1 : 1)),
          context,
        ),
    }),
  },
];

/** Versions as the number of writes since the key came into being, as a column that starts at 1 would give them. */
function restartingVersions(correct: Required<Backend>): Partial<Backend> {
  const ownVersions = new Map<string, { readonly from: number; readonly own: number }>();
  const translate = (key: string, entry: StoredEntry | undefined): StoredEntry | undefined =>
    entry === undefined ? undefined : { ...entry, version: ownVersions.get(key)?.own ?? entry.version };
  const get: Backend["get"] = (key, context) => translate(key, correct.get(key, context) as StoredEntry | undefined);
  return {
    get,
    getMulti: (keys, context) => keys.map((key) => get(key, context) as StoredEntry | undefined),
    set: (key, write, context) => {
      const before = get(key, context) as StoredEntry | undefined;
      const { condition } = write;
      if (condition?.kind === "version" && before?.version !== condition.version) {
        return { stored: false, version: before?.version ?? 0 };
      }
      const kept = condition?.kind === "version" ? { ...write, condition: undefined } : write;
      const result = correct.set(key, kept, context) as Awaited<ReturnType<Backend["set"]>>;
      if (!result.stored) return { ...result, version: before?.version ?? 0 };
      const own = (before?.version ?? 0) + 1;
      ownVersions.set(key, { from: result.version, own });
      return { ...result, version: own, ...(result.previous === undefined ? {} : { previous: before }) };
    },
  };
}
