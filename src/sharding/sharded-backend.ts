import type { Backend } from "../backend/backend.ts";
import type { BackendCapabilities } from "../backend/capabilities.ts";
import type { BackendHost } from "../backend/registry.ts";
import { systemHost } from "../backend/system-host.ts";
import { BackendUnavailableError, ConfigError } from "../foundation/errors.ts";
import { deleteKeys, getKeys, getStaleKeys, setKeys } from "./batch-operations.ts";
import { HotKeys } from "./hot-keys.ts";
import { commitKeys, deleteKey, expireKey, getKey, incrementKey, leaseKey, setKey } from "./key-operations.ts";
import { type ChangeOptions, createRing, Membership, type NodeChange } from "./membership.ts";
import type { MigrateOptions, MigrateReport } from "./migrate.ts";
import type { MovePlan } from "./move-plan.ts";
import { type ShardedNode, ShardNode } from "./shard-node.ts";
import type { ShardParts } from "./shard-parts.ts";
import { hasLoadTier, shardedLoadTier } from "./sharded-load-tier.ts";
import { hasRevalidation, ShardedRevalidation } from "./sharded-revalidation.ts";
import {
  type ResolvedShardingOptions,
  resolveShardingOptions,
  type ShardedBackendOptions,
} from "./sharding-options.ts";
import { Shards } from "./shards.ts";
import { StampVectors } from "./stamp-vectors.ts";
import { ViewKeeper } from "./view-keeper.ts";
import { clear, connections, invalidateTags, ping, report, scan, stampAll, usage } from "./whole-operations.ts";

/** How a node stands with this process. */
export interface NodeStanding {
  readonly name: string;
  readonly weight: number;
  readonly breaker: "closed" | "open" | "half-open";
  /** Whether others stand in for it. */
  readonly isAway: boolean;
}

/** One store over several, with what is particular to it. */
export interface ShardedBackend extends Backend {
  /** The nodes and how they stand, without I/O. */
  nodes(): readonly NodeStanding[];
  /** The name of the node that a key lives at when none is away. No I/O. */
  nodeOf(key: string): string;
  /**
   * Adds a node: it is emptied and gets its share of the keys, which start cold there or are copied by `migrate`. Make the same change in every process,
   * soon after each other: as long as processes use different nodes, one may read what another has replaced.
   *
   * @throws ConfigError for a name that is taken; the error of a node that did not answer, and then nothing has changed
   */
  addNode(node: ShardedNode, options?: ChangeOptions): Promise<void>;
  /** Removes a node and closes its store, at once or after `migrate`. See `addNode`. Nodes whose old entries cannot be told from new ones are emptied. */
  removeNode(name: string, options?: ChangeOptions): Promise<void>;
  /** What a change would move. No I/O. @param sampleKeys see `planMove` */
  planMove(change: NodeChange, sampleKeys?: Iterable<string>): MovePlan;
  /**
   * After a change with `migrates: true`: copies what moved to its new node. In one process, and when all of them have made the change: one that has not
   * yet deletes at the former node only. Ends the move here when nothing failed.
   */
  migrate(options?: MigrateOptions): Promise<MigrateReport>;
  /** Ends a move without copying, and in the processes that do not copy. Call it when `migrate` has ended everywhere. */
  endMove(): Promise<void>;
}

/**
 * Spreads keys over independent stores. Opens nothing before `connect`.
 *
 * - One key: its node is asked. Many: one call for each node, at the same time, and all are waited for.
 * - A call to several nodes that fails at some rejects with `PartialFailureError`, or `OutcomeUnknownError` when the outcome of a part is unknown; what the
 *   others did stays done. A read with a failed part rejects as well: nobody can say what is a miss.
 * - `clear`, `invalidateTags`: every node must succeed.
 * - Capabilities are what all nodes have; transactions touch keys of one node (a common part in braces brings keys together).
 *
 * @param host where time, chance and timers come from, and who is told of breakers. Default: the platform, and nobody
 * @throws ConfigError `GCX_CONFIG_INVALID`
 * @example
 * ```ts
 * const backend = createShardedBackend({ nodes: [{ name: "a:6379", backend: a }, { name: "b:6379", backend: b }] });
 * ```
 */
export function createShardedBackend(
  options: ShardedBackendOptions,
  host: Pick<BackendHost, "clock" | "random" | "scheduler" | "onNotice"> = systemHost,
): ShardedBackend {
  const resolved = resolveShardingOptions(options);
  const createNode = (node: ShardedNode): ShardNode =>
    new ShardNode(node, {
      host,
      breaker: resolved.breaker,
      onConnected: (one) => membership.prepareNode(one),
      onEmptied: (one) => membership.noteEmptied(one),
      onDead: ({ name }) => parts.shards.view?.suspect(name),
    });
  const { algorithm, settings } = resolved;
  const shards = new Shards(resolved.name, createRing(resolved.nodes.map(createNode), algorithm, settings));
  const capabilities = commonCapabilities(resolved.nodes.map(({ backend }) => backend.capabilities));
  const parts = createParts(shards, resolved, capabilities, host);
  const membership: Membership = new Membership({ parts, algorithm, settings, host, createNode });
  // Not spread: `epoch` is read anew each time.
  return Object.assign(createOperations(parts, membership, capabilities, host), createControls(parts, membership));
}

function createParts(
  shards: Shards,
  { failover, viewMs, returnAfterMs, hotKeys, name }: ResolvedShardingOptions,
  capabilities: BackendCapabilities,
  host: Pick<BackendHost, "clock" | "random" | "scheduler">,
): ShardParts {
  if (failover === "next") {
    const ring = { nodes: () => shards.ring.nodes, ringId: () => shards.ring.id };
    shards.followView(new ViewKeeper({ name, host, viewMs, returnAfterMs, ...ring }));
  }
  const parts: ShardParts = {
    shards,
    stamps: capabilities.tags ? new StampVectors(() => stampAll(parts)) : undefined,
    hotKeys: hotKeys === undefined ? undefined : new HotKeys(shards, hotKeys, host),
    moved: undefined,
  };
  return parts;
}

/** What every node has. A transaction never touches two nodes. */
function commonCapabilities(all: readonly BackendCapabilities[]): BackendCapabilities {
  const has = (capability: keyof BackendCapabilities): boolean => all.every((one) => one[capability] === true);
  const kinds = new Set(all.map(({ transactions }) => transactions));
  return Object.freeze({
    storage: all[0]?.storage ?? "bytes",
    local: false,
    conditionalWrites: has("conditionalWrites"),
    counters: has("counters"),
    transactions: kinds.has("none") ? "none" : kinds.has("single-key") ? "single-key" : "co-located",
    leases: has("leases"),
    tags: has("tags"),
    slidingTtl: has("slidingTtl"),
    stale: has("stale"),
    scan: has("scan"),
    clear: has("clear"),
  });
}

function createOperations(
  parts: ShardParts,
  membership: Membership,
  capabilities: BackendCapabilities,
  host: Pick<BackendHost, "clock">,
): Backend {
  const { shards, stamps } = parts;
  const hasConnections = shards.ring.nodes.some(({ backend }) => backend.connections !== undefined);
  let isClosed = false;
  return {
    name: shards.name,
    capabilities,
    get epoch() {
      return epochOf(shards);
    },
    connect: (context) => membership.connect(context),
    async close() {
      isClosed = true;
      await Promise.all(membership.allNodes().map(async ({ backend }) => backend.close()));
    },
    ping: (context) => ping(parts, context),
    get: (key, context) => getKey(parts, key, context),
    getMulti: (keys, context) => getKeys(parts, keys, context),
    set: (key, write, context) => setKey(parts, key, write, context),
    setMulti: (items, context) => setKeys(parts, items, context),
    delete: (key, context) => deleteKey(parts, key, context),
    deleteMulti: (keys, context) => deleteKeys(parts, keys, context),
    expire: (key, ttlMs, context) => expireKey(parts, key, ttlMs, context),
    ...(capabilities.stale === true && {
      getStale: (keys, context) => getStaleKeys(parts, keys, context),
    }),
    ...(shards.ring.nodes.every(hasLoadTier) && { loadTier: shardedLoadTier(parts) }),
    ...(shards.ring.nodes.every(hasRevalidation) && { revalidation: new ShardedRevalidation(parts) }),
    ...(capabilities.counters && {
      increment: (key, request, context) => incrementKey(parts, key, request, context),
    }),
    ...(capabilities.transactions !== "none" && {
      commit: (checks, writes, context) => commitKeys(parts, checks, writes, context),
      areColocated: (keys: readonly string[]) => areColocated(shards, keys),
    }),
    ...(capabilities.leases && { lease: (request, context) => leaseKey(parts, request, context) }),
    ...(stamps && {
      invalidateTags: (tags, context) => invalidateTags(parts, tags, context),
      // A stamp is shared for a moment, so without this look it would be given out without a node being asked.
      stamp: async () => {
        if (isClosed) throw new BackendUnavailableError(shards.name, "stamp", `${shards.name}: the store is closed.`);
        return stamps.take();
      },
    }),
    ...(capabilities.scan && { scan: (prefix, context) => scan(parts, prefix, context) }),
    ...(capabilities.clear && { clear: (namespace, context) => clear(parts, namespace, context) }),
    usage: (namespace) => usage(parts, namespace),
    ...(hasConnections && { connections: () => connections(parts) }),
    report: (context) => report(parts, host.clock, context),
  } as Backend;
}

function createControls({ shards }: ShardParts, membership: Membership): Omit<ShardedBackend, keyof Backend> {
  return {
    nodes: () =>
      shards.ring.nodes.map(({ name, weight, breaker }) => {
        return { name, weight, breaker: breaker.state, isAway: shards.view?.isAway(name) === true };
      }),
    nodeOf: (key) => shards.homeOf(key).node.name,
    addNode: async (node, options = {}) => {
      if (shards.ring.nodes.every(hasLoadTier) && !hasLoadTier(node)) throw withoutTier(node.name);
      await membership.add(node, options);
    },
    removeNode: (name, options = {}) => membership.remove(name, options),
    planMove: (change, sampleKeys) => membership.plan(change, sampleKeys),
    migrate: (options = {}) => membership.migrate(options),
    endMove: () => membership.endMove(),
  };
}

/** Loads of its keys would have nobody to ask. */
function withoutTier(name: string): ConfigError {
  const message = `"${name}" cannot take part in loads that one of many processes does (its store has no loadTier), and the other nodes can. Add a store of their kind.`;
  return new ConfigError("GCX_CONFIG_INVALID", "sharding.nodes", message);
}

function areColocated(shards: Shards, keys: readonly string[]): boolean {
  const [first] = keys;
  if (first === undefined) return true;
  if (!shards.isTogether(keys)) return false;
  const { backend } = shards.homeOf(first).node;
  if (backend.areColocated !== undefined) return backend.areColocated(keys);
  return backend.capabilities.transactions !== "single-key" || new Set(keys).size === 1;
}

/** Changes when any node's data may be gone, when nodes come or go, and when one is stood in for. */
function epochOf({ ring, view }: Shards): string {
  const epochs = ring.nodes.map(({ name, backend }) => `${name}=${backend.epoch}`);
  return `${ring.id}.${view?.turn ?? 0}(${epochs.join(",")})`;
}
