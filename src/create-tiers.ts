import type { Backend } from "./backend/backend.ts";
import type { BackendNotice } from "./backend/backend-notice.ts";
import type { CoherenceNotice } from "./backend/coherence-notice.ts";
import type { BackendHost } from "./backend/registry.ts";
import type { UnwrittenNotice } from "./backend/unwritten-notice.ts";
import { settledAfterMs } from "./coherence/ack-waits.ts";
import { CoherenceFleet } from "./coherence/coherence-fleet.ts";
import { CoherenceNode } from "./coherence/coherence-node.ts";
import type { CacheTransport, CoherenceTransport } from "./coherence/transport.ts";
import type { ResolvedDeadlines } from "./config/resolve-config.ts";
import type { ResolvedGrpcConfig } from "./config/resolve-grpc.ts";
import type { ResolvedMemoryConfig } from "./config/resolve-memory.ts";
import type { ResolvedTier, ResolvedTierWrite } from "./config/resolve-tiers.ts";
import { createPeers } from "./create-peers.ts";
import { isWithinNamespace, namespaceOf, ROOT_NAMESPACE } from "./entry/namespace-path.ts";
import { ConfigError } from "./foundation/errors.ts";
import { createIsolation } from "./memory/isolation.ts";
import { createMemoryBackend } from "./memory/memory-backend.ts";
import { estimateValueBytes } from "./memory/value-estimate.ts";
import { MiddleReader, type MiddleReaderParts } from "./tiers/middle-reader.ts";
import type { MiddleTier } from "./tiers/middle-tier.ts";
import { createNearBackend } from "./tiers/near-backend.ts";
import { NearCopies } from "./tiers/near-copies.ts";
import type { NearCopy } from "./tiers/near-copy.ts";
import { ServerClock } from "./tiers/server-clock.ts";
import { WriteAcks } from "./tiers/write-acks.ts";
import { createWriteBehindBackend } from "./tiers/write-behind-backend.ts";
import type { GrpcTransport } from "./transports/grpc/grpc-transport.ts";
import { MailTransport } from "./transports/mail-transport.ts";

/** What several tiers are made of. */
export interface TiersParts {
  /** The memory in front. */
  readonly near: ResolvedTier;
  /** The store that processes share; keeps values. */
  readonly far: Backend;
  /** The tiers of copies between the two, nearest first. Default: there are none. */
  readonly middle?: readonly MiddleTier[] | undefined;
  /** The longest that a copy is served after it was last known to be current, in ms. */
  readonly maxStalenessMs: number;
  /** How nodes tell each other of changes over gRPC, besides what the store tells; `undefined`: not at all. */
  readonly grpc: ResolvedGrpcConfig | undefined;
  /** What the configuration brings beside these; `undefined`: nothing. */
  readonly transport?: CacheTransport | undefined;
  /** The bytes of a value, where the shared store keeps bytes. */
  readonly encode: ((value: unknown, storedKey: string) => Uint8Array | Promise<Uint8Array>) | undefined;
  /** How what is written reaches the shared store. */
  readonly write: ResolvedTierWrite;
  readonly deadlines: Pick<ResolvedDeadlines, "writeMs" | "closeMs">;
  /** Told of the mesh that is made here. */
  readonly onMesh?: ((mesh: GrpcTransport) => void) | undefined;
  /** The mesh, where it is made already; `grpc` then says nothing. */
  readonly peers?: TiersPeers | undefined;
  readonly onNotice: (notice: BackendNotice | CoherenceNotice | UnwrittenNotice) => void;
}

/** A node of a mesh. */
export interface TiersPeers {
  readonly nodeId: string;
  readonly transport: CoherenceTransport;
}

/** How many changes of each shard are remembered, where there are copies outside this process to be proven by them: 12 bytes each, 0.8 MB in all. */
const LOG_LENGTH = 1_024;

/** Puts memory with copies in front of a shared store, and in front of both what waits to be written behind. Opens nothing. */
export function createTiers(parts: TiersParts, host: BackendHost): Backend {
  const target = createNearTiers(parts, host);
  const { near, encode, write, deadlines, onNotice } = parts;
  if (write.kind !== "behind") return target;
  const { clock, scheduler, random } = host;
  return createWriteBehindBackend({
    ...{ target, encode, onNotice, clock, scheduler, random, ...deadlines },
    tierName: target.nearTier ?? target.name,
    isolation: createIsolation(near.memory.copy),
    maxPendingCount: write.maxPendingCount,
    maxPendingBytes: write.maxPendingBytes,
    estimateBytes: estimateValueBytes,
  });
}

function createNearTiers(parts: TiersParts, host: BackendHost): Backend {
  const { near, far, middle = [], maxStalenessMs, grpc, peers, transport, onNotice, onMesh } = parts;
  const { clock, scheduler } = host;
  if (middle.length > 0) assertProvable(far);
  const memory = createMemoryBackend({ ...near.memory, copy: false, weigher: weigherOfCopies(near.memory) }, host);
  const serverClock = new ServerClock(clock);
  const copies = new NearCopies({
    near: memory,
    isolation: createIsolation(near.memory.copy),
    maxTtlMs: near.ttlMs,
    serverClock,
  });
  const tier = far.sharedTier;
  const nodeId = peers?.nodeId ?? createNodeId(host);
  const listNodes = tier && (() => tier.nodes({}));
  const self = { id: nodeId, info: "", leaseMs: settledAfterMs(maxStalenessMs) };
  const announce = tier?.announce?.bind(tier);
  const mesh =
    grpc && peers === undefined ? createPeers({ settings: grpc, nodeId, announce, onNotice, onMesh }, host) : undefined;
  const node = new CoherenceNode({
    shardCount: tier?.shardCount ?? 1,
    // A store that has no heads has no shards either.
    shardOf: tier === undefined ? () => 0 : (key) => tier.shardOf(key),
    isWithin: (key, path) => path === ROOT_NAMESPACE || isWithinNamespace(namespaceOf(key), path),
    maxStalenessMs,
    clock,
    scheduler,
    sink: copies,
    logLength: middle.length === 0 ? 0 : LOG_LENGTH,
    onProbed: ({ isAnswered, durationMs, owed, renewed }) => {
      const found = { changedShards: owed.length, renewedShards: renewed.length };
      onNotice({ kind: "probe", isAnswered, durationMs, ...found });
    },
    revalidation: far.revalidation,
    onLook: (look) => onNotice({ kind: "probe", ...look, changedShards: 0, renewedShards: 0 }),
    tier: tier && {
      heads: (shards, isMember) => tier.heads({ shards, node: isMember ? self : undefined }, {}),
      join: async () => {
        await tier.heads({ shards: [], node: self }, {});
      },
    },
  });
  const teller = tier ?? (far.revalidation?.watchChanges && far.revalidation);
  const own =
    teller && new MailTransport({ name: "redis", storeName: far.name, store: teller, nodeId, clock, scheduler });
  const transports: readonly (CoherenceTransport | undefined)[] =
    peers === undefined ? [own, mesh, transport?.join(nodeId)] : [peers.transport];
  const fleet = new CoherenceFleet({
    transports: transports.filter((transport) => transport !== undefined),
    ...{ nodeId, node, clock, scheduler, maxStalenessMs, listNodes },
    leave: tier && (() => tier.leave(nodeId, {})),
    observer: {
      onPeer: (transport, { id, address, state }) => {
        onNotice({ kind: "peer", transport, id, node: address, state });
      },
      onGap: (transport, from) => onNotice({ kind: "gap", transport, from }),
    },
  });
  const keepsWrites = near.write.kind !== "around";
  return createNearBackend({
    ...{ far, near: memory, copies, node, serverClock, keepsWrites, fleet },
    middle: node.stored && createMiddleReader(middle, far, { stored: node.stored, copies, serverClock, clock }),
  });
}

function createMiddleReader(
  tiers: readonly MiddleTier[],
  far: Backend,
  parts: Pick<MiddleReaderParts, "stored" | "copies" | "serverClock" | "clock">,
): MiddleReader {
  const clockLeadMs = far.sharedTier?.clockLeadMs?.bind(far.sharedTier);
  return new MiddleReader({ ...parts, tiers, clockLeadMs, epoch: () => far.epoch });
}

/** Copies in a store that promises nothing are served by what the last tier says of its shards. */
function assertProvable({ name, sharedTier }: Backend): void {
  if (sharedTier !== undefined) return;
  const message = `The last tier "${name}" says nothing of what has changed, so copies in tiers between the first and the last could not be proven current. Make Redis in mode coherent the last tier, or leave the middle tiers out.`;
  throw new ConfigError("GCX_CONFIG_UNSUPPORTED", "tiers", message);
}

/**
 * What a process without copies needs to wait for those that keep some. `maxStalenessMs`: theirs, where the store has no table of them.
 */
export function createAcks(far: Backend, maxStalenessMs: number, host: BackendHost): WriteAcks {
  const { clock, scheduler } = host;
  const nodeId = createNodeId(host);
  const { sharedTier: tier } = far;
  return new WriteAcks({
    ...{ nodeId, clock, scheduler, maxStalenessMs },
    transports:
      tier === undefined
        ? []
        : [new MailTransport({ name: "redis", storeName: far.name, store: tier, nodeId, clock, scheduler })],
    listNodes: tier && (() => tier.nodes({})),
  });
}

/** Names one life of this process: 96 random bits. */
export function createNodeId({ random }: BackendHost): string {
  const part = (): string =>
    Math.floor(random.next() * 2 ** 24)
      .toString(16)
      .padStart(6, "0");
  return part() + part() + part() + part();
}

/** The user's weigher knows values; what is kept are copies of them. */
function weigherOfCopies({ weigher }: ResolvedMemoryConfig): ResolvedMemoryConfig["weigher"] {
  return weigher && ((copy, key) => weigher((copy as NearCopy).value, key));
}
