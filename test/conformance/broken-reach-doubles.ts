import type { Backend, MaybePromise } from "../../src/backend/backend.ts";
import type { BackendReport } from "../../src/backend/backend-report.ts";
import type { CommitResult } from "../../src/backend/commit.ts";
import type { StoredEntry, WriteResult } from "../../src/backend/stored-entry.ts";
import { type BrokenDouble, oneTurn } from "./broken-double.ts";

const DAY_MS = 86_400_000;
const LIMIT_BYTES = 1_000_000;

/** Looks at each value that is written. */
function lookAtWrites(
  correct: Required<Backend>,
  look: (value: unknown) => MaybePromise<WriteResult> | undefined,
): Partial<Backend> {
  return {
    set: (key, write, context) => look(write.value) ?? correct.set(key, write, context),
    setMulti: (items, context) => {
      const kept = items.filter(([, write]) => look(write.value) === undefined);
      const results = correct.setMulti(kept, context) as readonly WriteResult[];
      return items.map((item) => results[kept.indexOf(item)] ?? { stored: true, version: Number.MAX_SAFE_INTEGER });
    },
  };
}

function isLarge(value: unknown): boolean {
  return (value instanceof Uint8Array || typeof value === "string") && value.length > LIMIT_BYTES;
}

/** A value without what its transport takes for the end of a line. */
function trimmed(entry: StoredEntry | undefined): StoredEntry | undefined {
  return typeof entry?.value === "string" ? { ...entry, value: entry.value.replace(/\r\n$/, "") } : entry;
}

/** Defects at the edges: of values, keys, times, numbers of calls, of keys that live together, and of what a store tells of itself. */
export const brokenReachDoubles: readonly BrokenDouble[] = [
  {
    defect: "gives half an answer to who needs the value alone",
    failingGroups: ["basics"],
    breakBackend: (correct) => ({
      get: (key, context) => {
        const entry = correct.get(key, context) as StoredEntry | undefined;
        return context.isValueEnough === true && entry !== undefined ? { ...entry, value: "…" } : entry;
      },
    }),
  },
  {
    defect: "counts the keys of its namesakes too",
    failingGroups: ["basics"],
    breakBackend: (correct) => ({ usage: () => correct.usage("") }),
  },
  {
    defect: "hands out the value itself where it promises copies",
    failingGroups: ["basics"],
    breakBackend: () => ({ isolate: (value) => value }),
  },
  {
    defect: "promises transactions of keys that live together, and cannot tell which do",
    failingGroups: ["basics", "transactions"],
    capabilities: { transactions: "co-located" },
    breakBackend: () => ({}),
  },
  {
    defect: "changes its epoch with every write",
    failingGroups: ["basics"],
    breakBackend: (correct) => {
      const broken: { epoch: string } & Partial<Backend> = {
        epoch: "1",
        set(this: { epoch: string }, key, write, context) {
          this.epoch = `${Number(this.epoch) + 1}`;
          return correct.set(key, write, context);
        },
      };
      return broken;
    },
  },
  {
    defect: "has no connection that it knows of",
    failingGroups: ["basics"],
    over: "network",
    breakBackend: (correct) => ({ connections: () => ({ ...correct.connections(), open: 0 }) }),
  },
  {
    defect: "takes a request for under way that was answered",
    failingGroups: ["basics", "close"],
    over: "network",
    breakBackend: (correct) => ({ connections: () => ({ ...correct.connections(), inFlight: 1 }) }),
  },
  {
    defect: "counts connections that are closed",
    failingGroups: ["close"],
    over: "network",
    breakBackend: (correct) => ({ connections: () => ({ ...correct.connections(), open: 1 }) }),
  },
  {
    defect: "reports a server twice",
    failingGroups: ["basics"],
    over: "network",
    breakBackend: (correct) => ({
      report: async (context): Promise<BackendReport> => {
        const { nodes } = await correct.report(context);
        return { nodes: [...nodes, ...nodes] };
      },
    }),
  },
  {
    defect: "tells notices that nobody knows",
    failingGroups: [
      "basics",
      "values",
      "keys",
      "ttl",
      "expire",
      "versions",
      "batches",
      "conditional-writes",
      "counters",
      "stale",
    ].concat([
      "transactions",
      "leases",
      "tags",
      "scan",
      "clear",
      "concurrency",
      "abort",
      "close",
    ]) as unknown as BrokenDouble["failingGroups"],
    breakBackend: (correct, host) => ({
      connect: () => {
        host.onNotice?.({ kind: "mood", node: "a", state: "good" } as never);
        return correct.connect({});
      },
    }),
  },
  {
    defect: "drops what is too large without a word",
    failingGroups: ["values"],
    breakBackend: (correct) =>
      lookAtWrites(correct, (value) =>
        isLarge(value) ? { stored: true, version: Number.MAX_SAFE_INTEGER } : undefined,
      ),
  },
  {
    defect: "refuses what is too large with an error of nobody's family",
    failingGroups: ["values"],
    breakBackend: (correct) =>
      lookAtWrites(correct, (value) => {
        if (isLarge(value)) throw new Error("SERVER_ERROR object too large for cache");
        return undefined;
      }),
  },
  {
    defect: "takes the first byte of a value for its kind",
    failingGroups: ["values"],
    breakBackend: (correct) => ({
      getMulti: (keys, context) =>
        (correct.getMulti(keys, context) as (StoredEntry | undefined)[]).map((entry) =>
          entry?.value instanceof Uint8Array && entry.value.length === 1 && entry.value[0] === 0x2b ? undefined : entry,
        ),
    }),
  },
  {
    defect: "takes bytes that look like a miss for one",
    failingGroups: ["values"],
    breakBackend: (correct) => ({
      get: (key, context) => {
        const entry = correct.get(key, context) as StoredEntry | undefined;
        const isEnd = entry?.value instanceof Uint8Array && Buffer.from(entry.value).equals(Buffer.from("EN\r\n"));
        return isEnd ? undefined : entry;
      },
    }),
  },
  {
    defect: "cuts the end of a line from texts",
    failingGroups: ["values"],
    breakBackend: (correct) => ({
      get: (key, context) => trimmed(correct.get(key, context) as StoredEntry | undefined),
    }),
  },
  {
    defect: "counts under another key than it writes, when the key is odd",
    failingGroups: ["keys"],
    breakBackend: (correct) => ({
      increment: (key, request, context) => correct.increment(key.replaceAll("\r\n", " "), request, context),
    }),
  },
  {
    defect: "confuses keys with those of its own records",
    failingGroups: ["keys"],
    ownNames: ["own:"],
    breakBackend: (correct) => ({
      get: (key, context) => correct.get(key.replace("own:own:", "own:"), context),
    }),
  },
  {
    defect: "takes TTLs of more than 30 days for instants",
    failingGroups: ["ttl"],
    breakBackend: (correct) => {
      const toMs = (ttlMs: number): number => (ttlMs > 30 * DAY_MS && ttlMs !== Number.POSITIVE_INFINITY ? 0.5 : ttlMs);
      return { set: (key, write, context) => correct.set(key, { ...write, ttlMs: toMs(write.ttlMs) }, context) };
    },
  },
  {
    defect: "keeps for ever what is to live for more than 30 days",
    failingGroups: ["ttl"],
    breakBackend: (correct) => ({
      set: (key, write, context) =>
        correct.set(key, write.ttlMs > 30 * DAY_MS ? { ...write, ttlMs: Number.POSITIVE_INFINITY } : write, context),
    }),
  },
  {
    defect: "takes spaces at the end of tags away",
    failingGroups: ["tags"],
    breakBackend: (correct) => ({
      set: (key, write, context) =>
        correct.set(key, { ...write, tags: write.tags.map((tag) => tag.trimEnd()) }, context),
      invalidateTags: (tags, context) =>
        correct.invalidateTags(
          tags.map((tag) => tag.trimEnd()),
          context,
        ),
    }),
  },
  {
    defect: "gives up when more than two thousand calls run together",
    failingGroups: ["concurrency"],
    async: true,
    breakBackend: (correct) => {
      let runningCount = 0;
      return {
        get: async (key, context) => {
          runningCount += 1;
          try {
            if (runningCount > 900) return undefined;
            await oneTurn();
            return await correct.get(key, context);
          } finally {
            runningCount -= 1;
          }
        },
      };
    },
  },
  {
    defect: "remembers the ids of requests in each client by itself",
    failingGroups: ["counters"],
    secondClient: "alike",
    breakBackend: (correct) => {
      const results = new Map<string, ReturnType<Required<Backend>["increment"]>>();
      return {
        increment: (key, request, context) => {
          const id = JSON.stringify([key, request.opId]);
          const isSimple = request.opId !== undefined && request.delta === 3n;
          if (!isSimple) return correct.increment(key, request, context);
          const result = results.get(id) ?? correct.increment(key, { ...request, opId: undefined }, context);
          results.set(id, result);
          return result;
        },
      };
    },
  },
  {
    defect: "keeps in each client what was written there",
    failingGroups: [
      "concurrency",
      "versions",
      "conditional-writes",
      "counters",
      "transactions",
      "leases",
      "tags",
      "clear",
      "close",
      "stale",
    ],
    secondClient: "apart",
    breakBackend: () => ({}),
  },
  {
    defect: "takes a sliding TTL for a fixed one",
    failingGroups: ["ttl"],
    over: "memory",
    breakBackend: (correct) => ({
      set: (key, write, context) => correct.set(key, { ...write, slidingTtlMs: undefined }, context),
    }),
  },
  {
    defect: "keeps an entry sliding that is written again with a fixed TTL",
    failingGroups: ["ttl"],
    over: "memory",
    breakBackend: (correct) => ({
      set: (key, write, context) => {
        const { slidingTtlMs } = (correct.get(key, context) as StoredEntry | undefined) ?? {};
        return correct.set(key, slidingTtlMs === undefined ? write : { ...write, slidingTtlMs }, context);
      },
    }),
  },
  {
    defect: "cannot be closed when it was never connected",
    failingGroups: ["close"],
    // Also skipped cases close, so that each of them would fail.
    groups: ["close"],
    breakBackend: (correct) => {
      let isConnected = false;
      return {
        connect: (context) => {
          isConnected = true;
          return correct.connect(context);
        },
        close: () => {
          if (!isConnected) throw new Error("not connected");
        },
      };
    },
  },
  {
    defect: "commits over keys that live apart, server by server",
    failingGroups: ["transactions"],
    over: "network",
    breakBackend: (correct) => ({
      commit: async (checks, writes, context): Promise<CommitResult> => {
        const keys = [...checks, ...writes].map(({ key }) => key);
        if (correct.areColocated(keys)) return correct.commit(checks, writes, context);
        const versions: number[] = [];
        for (const write of writes) {
          const own = checks.filter((check) => check.key === write.key);
          versions.push(...(await correct.commit(own, [write], context)).versions);
        }
        return { committed: true, versions };
      },
    }),
  },
  {
    defect: "takes keys for living apart because their names differ",
    failingGroups: ["transactions"],
    over: "network",
    breakBackend: () => ({ areColocated: (keys) => new Set(keys).size <= 1 }),
  },
  {
    defect: "can do one key at a time, and does the first of several",
    failingGroups: ["transactions"],
    capabilities: { transactions: "single-key" },
    breakBackend: (correct) => ({
      commit: (checks, writes, context) => correct.commit(checks.slice(0, 1), writes.slice(0, 1), context),
    }),
  },
  {
    defect: "deletes in a commit whether its check holds or not",
    failingGroups: ["transactions"],
    breakBackend: (correct) => ({
      commit: (checks, writes, context) => {
        const isDelete = checks.length === 1 && writes.length === 1 && writes[0]?.write === undefined;
        return correct.commit(isDelete ? [] : checks, writes, context);
      },
    }),
  },
];
