import type { Backend } from "../../src/backend/backend.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../src/backend/stored-entry.ts";
import type { BrokenDouble } from "./broken-double.ts";

type Found = ReadonlyArray<StoredEntry | undefined>;

/** What stands in for a key of a store that answers at once. */
function standInOf(correct: Required<Backend>, key: string): StoredEntry | undefined {
  return correct.get(key, {}) === undefined ? (correct.getStale([key], {}) as Found)[0] : undefined;
}

/** Every write changed on its way in. */
function changeWrites(correct: Required<Backend>, change: (write: EntryWrite) => EntryWrite): Partial<Backend> {
  return {
    set: (key, write, context) => correct.set(key, change(write), context),
    setMulti: (items, context) =>
      correct.setMulti(
        items.map(([key, write]) => [key, change(write)] as const),
        context,
      ),
  };
}

/** `getStale` with each entry changed, or taken away, on its way out. */
function changeStale(
  correct: Required<Backend>,
  change: (entry: StoredEntry, key: string) => StoredEntry | undefined,
): Pick<Required<Backend>, "getStale"> {
  return {
    getStale: (keys, context) =>
      (correct.getStale(keys, context) as Found).map((entry, index) => entry && change(entry, keys[index] as string)),
  };
}

/** `getStale` still finds what was there before the operation that should have ended it. */
function outliving(correct: Required<Backend>, operation: "invalidateTags" | "clear"): Partial<Backend> {
  const known = new Map<string, StoredEntry | undefined>();
  const remember = (): void => {
    for (const [index, entry] of (correct.getStale([...known.keys()], {}) as Found).entries())
      known.set([...known.keys()][index] as string, entry);
  };
  return {
    set: (key, write, context) => {
      known.set(key, undefined);
      return correct.set(key, write, context);
    },
    getStale: (keys, context) =>
      (correct.getStale(keys, context) as Found).map((entry, index) => entry ?? known.get(keys[index] as string)),
    invalidateTags: (tags, context) => {
      if (operation === "invalidateTags") remember();
      return correct.invalidateTags(tags, context);
    },
    clear: (namespace, context) => {
      if (operation === "clear") remember();
      return correct.clear(namespace, context);
    },
  };
}

/** Defects of data that stands in after its TTL. */
export const brokenStaleDoubles: readonly BrokenDouble[] = [
  {
    defect: "keeps nothing beyond its TTL",
    failingGroups: ["stale"],
    breakBackend: (correct) => changeWrites(correct, (write) => ({ ...write, staleMs: 0 })),
  },
  {
    defect: "keeps everything beyond its TTL",
    failingGroups: ["stale"],
    breakBackend: (correct) => changeWrites(correct, (write) => ({ ...write, staleMs: write.staleMs ?? 1e9 })),
  },
  {
    defect: "lets data stand in for ever",
    failingGroups: ["stale"],
    breakBackend: (correct) =>
      changeWrites(correct, (write) => (write.staleMs === undefined ? write : { ...write, staleMs: 1e12 })),
  },
  {
    defect: "finds only what stands in by getStale",
    failingGroups: ["stale"],
    breakBackend: (correct, { clock }) =>
      changeStale(correct, (entry) => (entry.expiresAt > clock.wallMs() ? undefined : entry)),
  },
  {
    defect: "says that what stands in lives on",
    failingGroups: ["stale"],
    breakBackend: (correct) => changeStale(correct, (entry) => ({ ...entry, expiresAt: Number.POSITIVE_INFINITY })),
  },
  {
    defect: "answers getStale in another order",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      getStale: (keys, context) => (correct.getStale(keys, context) as Found).toReversed(),
    }),
  },
  {
    defect: "serves what stands in to everybody",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      get: (key, context) => correct.get(key, context) ?? standInOf(correct, key),
    }),
  },
  {
    defect: "starts sliding TTLs anew with getStale",
    failingGroups: ["stale"],
    over: "memory",
    breakBackend: (correct) => ({
      getStale: (keys, context) => {
        correct.getMulti(keys, context);
        return correct.getStale(keys, context);
      },
    }),
  },
  {
    defect: "lists what stands in",
    failingGroups: ["stale"],
    breakBackend: (correct) => {
      const written = new Set<string>();
      return {
        set: (key, write, context) => {
          written.add(key);
          return correct.set(key, write, context);
        },
        async *scan(prefix, context) {
          yield* correct.scan(prefix, context);
          yield [...written].filter((key) => key.startsWith(prefix) && standInOf(correct, key) !== undefined);
        },
      };
    },
  },
  {
    defect: "lists what lives alone for who ends what is listed",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      scan: (prefix, context) => correct.scan(prefix, { ...context, isStaleListed: false }),
    }),
  },
  {
    defect: "lists what stands in alone for who ends what is listed",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      async *scan(prefix, context) {
        for await (const slice of correct.scan(prefix, context)) {
          yield context.isStaleListed === true ? slice.filter((key) => standInOf(correct, key) !== undefined) : slice;
        }
      },
    }),
  },
  {
    defect: "lets data stand in for the client alone that wrote it",
    failingGroups: ["stale"],
    secondClient: "alike",
    breakBackend: (correct) => {
      const own = new Set<string>();
      return {
        ...changeStale(correct, (entry, key) => (own.has(key) ? entry : undefined)),
        set: (key, write, context) => {
          own.add(key);
          return correct.set(key, write, context);
        },
        setMulti: (items, context) => {
          for (const [key] of items) own.add(key);
          return correct.setMulti(items, context);
        },
      };
    },
  },
  {
    defect: "says that what stood in was the previous entry",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      set: (key, write, context) => {
        const previous = standInOf(correct, key);
        const result = correct.set(key, write, context) as WriteResult;
        return write.returnPrevious === true && previous !== undefined ? { ...result, previous } : result;
      },
    }),
  },
  {
    defect: "leaves what stands in when its key is deleted",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      delete: (key, context) => standInOf(correct, key) === undefined && correct.delete(key, context),
    }),
  },
  {
    defect: "counts what stands in as deleted",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      deleteMulti: (keys, context) => {
        const standInCount = keys.filter((key) => standInOf(correct, key) !== undefined).length;
        return (correct.deleteMulti(keys, context) as number) + standInCount;
      },
    }),
  },
  {
    defect: "leaves what stands in when it is ended by expire",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      expire: (key, ttlMs, context) => standInOf(correct, key) === undefined && correct.expire(key, ttlMs, context),
    }),
  },
  {
    defect: "brings what stands in back to life by expire",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      expire: (key, ttlMs, context) => {
        const standIn = standInOf(correct, key);
        if (standIn === undefined || ttlMs === 0) return correct.expire(key, ttlMs, context);
        correct.set(key, { value: standIn.value, ttlMs, tags: standIn.tags }, context);
        return true;
      },
    }),
  },
  {
    defect: "forgets by expire that data is to stand in",
    failingGroups: ["stale"],
    breakBackend: (correct, { clock }) => {
      const moved = new Set<string>();
      return {
        ...changeStale(correct, (entry, key) =>
          moved.has(key) && entry.expiresAt <= clock.wallMs() ? undefined : entry,
        ),
        expire: (key, ttlMs, context) => {
          const isThere = correct.expire(key, ttlMs, context) as boolean;
          if (isThere) moved.add(key);
          return isThere;
        },
      };
    },
  },
  {
    defect: "lets data stand in whose tag was invalidated",
    failingGroups: ["stale"],
    breakBackend: (correct) => outliving(correct, "invalidateTags"),
  },
  {
    defect: "lets data stand in whose namespace was cleared",
    failingGroups: ["stale"],
    breakBackend: (correct) => outliving(correct, "clear"),
  },
  {
    defect: "takes what stands in for present in conditions",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      set: (key, write, context) => {
        const standIn = write.condition?.kind === "absent" ? standInOf(correct, key) : undefined;
        if (standIn !== undefined) return { stored: false, version: standIn.version };
        return correct.set(key, write, context);
      },
    }),
  },
  {
    defect: "drops what stands in when it refuses a write",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      set: (key, write, context) => {
        const result = correct.set(key, write, context) as WriteResult;
        if (!result.stored && standInOf(correct, key) !== undefined) correct.delete(key, context);
        return result;
      },
    }),
  },
  {
    defect: "counts on where an old counter stands in",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => {
        const value = standInOf(correct, key)?.value;
        const initial = typeof value === "number" ? BigInt(value) : request.initial;
        return correct.increment(key, { ...request, initial }, context);
      },
    }),
  },
  {
    defect: "takes what stands in for present in the checks of a transaction",
    failingGroups: ["stale"],
    breakBackend: (correct) => ({
      commit: (checks, writes, context) => {
        const isThere = checks.some(({ key, version }) => version === 0 && standInOf(correct, key) !== undefined);
        return isThere ? { committed: false, versions: [] } : correct.commit(checks, writes, context);
      },
    }),
  },
];
