import type { Backend, OperationContext } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { LeaseOutcome, LeaseRequest } from "../../backend/lease.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { UnsupportedOperationError } from "../../foundation/errors.ts";
import { settleAll } from "../../foundation/settle-all.ts";
import type { OwnedStore } from "./owned-store.ts";
import { OwnedTier, type OwnedTierParts } from "./owned-tier.ts";
import type { OwnerFleet } from "./owner-fleet.ts";
import { toWire } from "./wire-write.ts";

/** What a store that the nodes are themselves is made of. */
export interface OwnedBackendParts extends OwnedTierParts {
  /** What this node keeps as an owner. */
  readonly store: OwnedStore;
}

const CAPABILITIES: BackendCapabilities = Object.freeze({
  storage: "bytes",
  local: false,
  conditionalWrites: true,
  counters: true,
  transactions: "co-located",
  leases: true,
  tags: true,
  slidingTtl: false,
  stale: true,
  scan: true,
  clear: true,
});

/**
 * The memories of the nodes as one store of bytes: each key is at its owner, and nowhere else. What is there is lost with the node, and when the owner of its shard becomes another one.
 *
 * A call is one message to one node, and all of a turn for one node leave together.
 */
export function createOwnedBackend(parts: OwnedBackendParts): Backend {
  const { name, fleet, store } = parts;
  const tier = new OwnedTier(parts);
  return {
    name,
    capabilities: CAPABILITIES,
    get epoch() {
      return fleet.view?.id ?? "unsettled";
    },
    connect: () => fleet.open(),
    close: () => fleet.close(),
    ping: (context) => fleet.settle(context),
    ...entryMethods(parts),
    ...wideMethods(fleet),
    lease: (request, context) => lease(parts, request, context),
    // How many keys there are only all nodes know; of a namespace a node does not even know its own part.
    usage(path) {
      const { evictions, memoryUsageBytes } = store.usage("");
      return { keyCount: undefined, memoryUsageBytes: path === "" ? memoryUsageBytes : undefined, evictions };
    },
    loadTier: tier,
    sharedTier: tier,
  };
}

/** Whoever gets a lock is told when it moves away under him; see {@link OwnedLocks}. */
async function lease(
  parts: OwnedBackendParts,
  request: LeaseRequest,
  context: OperationContext,
): Promise<LeaseOutcome> {
  const { fleet, shardOf } = parts;
  const { kind, key, owner } = request;
  const { locks } = fleet;
  const acquired = kind === "acquire" ? locks.watch(shardOf(key), key, owner, request.ttlMs) : undefined;
  let outcome: LeaseOutcome | undefined;
  try {
    outcome = await fleet.ask({ op: "lock", request }, context);
  } finally {
    // An extension of which nobody knows leaves the lock as it was, as far as its holder knows.
    const isOver = kind === "extend" ? outcome?.kind === "lost" : outcome?.kind !== "held";
    if (isOver) locks.forget(key, owner);
  }
  // It moved while the answer was on its way. Who has it already is given it again.
  if (acquired?.aborted === true && outcome.kind === "held") return lease(parts, request, context);
  if (outcome.kind !== "held") return outcome;
  return { ...outcome, lost: kind === "extend" ? locks.extend(key, owner, request.ttlMs) : acquired };
}

type EntryMethods = Pick<
  Backend,
  | "get"
  | "getMulti"
  | "getStale"
  | "set"
  | "setMulti"
  | "delete"
  | "deleteMulti"
  | "expire"
  | "increment"
  | "commit"
  | "areColocated"
>;

function entryMethods({ fleet, shardOf }: OwnedBackendParts): EntryMethods {
  const read = async (key: string, isStale: boolean, context: OperationContext): Promise<StoredEntry | undefined> => {
    const [found] = await fleet.ask({ op: "read", keys: [key], isStale }, context);
    return found?.entry;
  };
  const set = async (key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> => {
    const [result] = await fleet.ask({ op: "set", items: [[key, toWire(write)]] }, context);
    return result as WriteResult;
  };
  const remove = async (key: string, context: OperationContext): Promise<boolean> => {
    const [ended] = await fleet.ask({ op: "delete", keys: [key] }, context);
    return ended?.wasThere === true;
  };
  return {
    get: (key, context) => read(key, false, context),
    getMulti: (keys, context) => Promise.all(keys.map((key) => read(key, false, context))),
    getStale: (keys, context) => Promise.all(keys.map((key) => read(key, true, context))),
    set,
    setMulti: (items, context) => settleAll(items.map(([key, write]) => set(key, write, context))),
    delete: remove,
    async deleteMulti(keys, context) {
      const ended = await settleAll(keys.map((key) => remove(key, context)));
      return ended.filter((wasThere) => wasThere).length;
    },
    expire: async (key, ttlMs, context) => fleet.ask({ op: "expire", key, ttlMs }, context),
    increment: async (key, request, context) => fleet.ask({ op: "increment", key, request }, context),
    async commit(checks, writes, context) {
      const shards = new Set([...checks, ...writes].map(({ key }) => shardOf(key)));
      if (shards.size > 1) throw spreadError();
      const sent = writes.map(({ key, write }) => ({ key, write: write && toWire(write) }));
      return fleet.ask({ op: "commit", checks, writes: sent }, context);
    },
    areColocated: (keys) => new Set(keys.map(shardOf)).size <= 1,
  };
}

function wideMethods(fleet: OwnerFleet): Pick<Backend, "invalidateTags" | "stamp" | "clear" | "scan"> {
  return {
    async invalidateTags(tags, context) {
      // Above every stamp that any node has taken before: then what was loaded before is refused everywhere.
      const clocks = await fleet.askAll({ op: "clock" }, context);
      await fleet.askAll({ op: "tags", tags, number: Math.max(...clocks) }, context);
    },
    // What is invalidated is invalidated here too, before anybody is told that it is.
    stamp: () => fleet.shards.version,
    async clear(path, context) {
      await fleet.askAll({ op: "clear", path }, context);
    },
    scan: (prefix, context) => scanAll(fleet, prefix, context),
  };
}

async function* scanAll(
  fleet: OwnerFleet,
  prefix: string,
  context: OperationContext,
): AsyncGenerator<readonly string[]> {
  await fleet.settle(context);
  const isStaleListed = context.isStaleListed === true;
  for (const owner of fleet.view?.members ?? []) {
    let slice = await fleet.askNode(owner, { op: "scan", prefix, isStaleListed }, context);
    let { cursor } = slice;
    try {
      for (;;) {
        if (slice.keys.length > 0) yield slice.keys;
        if (cursor === 0) break;
        slice = await fleet.askNode(owner, { op: "scan-on", cursor }, context);
        cursor = slice.cursor;
      }
    } finally {
      if (cursor !== 0) await fleet.askNode(owner, { op: "scan-off", cursor }, {}).catch(() => undefined);
    }
  }
}

function spreadError(): UnsupportedOperationError {
  const message =
    "The keys of a transaction have several owners. Give them one shard by the same part in braces, as in {user:1}:name and {user:1}:mail, or use backend redis.";
  return new UnsupportedOperationError("transaction", message);
}
