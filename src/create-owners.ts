import type { Backend } from "./backend/backend.ts";
import type { BackendNotice } from "./backend/backend-notice.ts";
import type { BackendHost } from "./backend/registry.ts";
import { settledAfterMs } from "./coherence/ack-waits.ts";
import type { CoherenceTransport } from "./coherence/transport.ts";
import type { ResolvedGrpcConfig } from "./config/resolve-grpc.ts";
import type { ResolvedMemoryConfig } from "./config/resolve-memory.ts";
import { createPeers } from "./create-peers.ts";
import { createNodeId, type TiersPeers } from "./create-tiers.ts";
import type { TracerSlot } from "./events/call-tracer.ts";
import { createMemoryBackend } from "./memory/memory-backend.ts";
import { hashRoutingPart, type KeyHash } from "./sharding/key-hash.ts";
import { createRendezvousPicker } from "./sharding/rendezvous-picker.ts";
import { createOwnedBackend } from "./tiers/owners/owned-backend.ts";
import { OwnerFleet } from "./tiers/owners/owner-fleet.ts";
import { OWNED_SHARD_COUNT } from "./tiers/owners/owner-view.ts";
import type { GrpcTransport } from "./transports/grpc/grpc-transport.ts";

/** What nodes that keep the keys themselves are made of. */
export interface OwnersParts {
  /** The bounds of what this node keeps as an owner. */
  readonly memory: ResolvedMemoryConfig;
  readonly maxStalenessMs: number;
  readonly grpc: ResolvedGrpcConfig;
  readonly onNotice: (notice: BackendNotice) => void;
  /** Told of the mesh. */
  readonly onMesh?: ((mesh: GrpcTransport) => void) | undefined;
  /** Who traces what the nodes ask each other. Default: nobody. */
  readonly tracing?: TracerSlot | undefined;
}

/** The nodes as a store, and what joins them. */
export interface Owners {
  /** Keeps bytes. */
  readonly backend: Backend;
  readonly peers: TiersPeers;
}

/** How much of the memory's bounds is for what the node owns; the rest is for copies in front. */
const OWNED_RATIO = 0.8;

/** Makes this node one of those that keep the keys. Opens nothing. */
export function createOwners(
  { memory, maxStalenessMs, grpc, onNotice, onMesh, tracing }: OwnersParts,
  host: BackendHost,
): Owners {
  const nodeId = createNodeId(host);
  const { clock, scheduler } = host;
  const mesh = createPeers({ settings: grpc, nodeId, announce: undefined, onNotice, onMesh }, host);
  const name = "memory";
  const quietMs = settledAfterMs(maxStalenessMs);
  // What leaves it by itself is no entry of this process: nobody is told.
  const store = createMemoryBackend(
    { ...scaleBounds(memory, OWNED_RATIO), copy: false, weigher: undefined },
    { ...host, wantsRemovals: () => false, onRemoval: () => undefined },
  );
  const fleet = new OwnerFleet({
    ...{ name, nodeId, store, shardOf, quietMs, clock, scheduler, tracing },
    openMail: (listener) => mesh.openMail(listener),
    pickOwners,
    rightMs: maxStalenessMs,
  });
  const backend = createOwnedBackend({ name, fleet, store, shardOf, quietMs });
  return { backend, peers: { nodeId, transport: createFedTransport(mesh, backend) } };
}

/** The bounds of the copies in front of what a node owns. */
export function copyBounds(memory: ResolvedMemoryConfig): ResolvedMemoryConfig {
  return scaleBounds(memory, 1 - OWNED_RATIO);
}

function scaleBounds(memory: ResolvedMemoryConfig, ratio: number): ResolvedMemoryConfig {
  const { maxSizeBytes, maxKeys } = memory;
  return { ...memory, maxSizeBytes: Math.ceil(maxSizeBytes * ratio), maxKeys: Math.ceil(maxKeys * ratio) };
}

/** The mesh as what is told of changes by the owners, so that who makes one need not tell. */
function createFedTransport(mesh: GrpcTransport, { sharedTier }: Backend): CoherenceTransport {
  let stop: (() => void) | undefined;
  return {
    name: mesh.name,
    isFedByStore: true,
    open(listener) {
      stop = sharedTier?.watchChanges?.({
        onChange: (change) => listener.onMessage(change, undefined),
        onGap: () => listener.onGap(),
      });
      return mesh.open(listener);
    },
    broadcast: (message) => mesh.broadcast(message),
    send: (nodeId, message) => mesh.send(nodeId, message),
    peers: () => mesh.peers(),
    close() {
      stop?.();
      return mesh.close();
    },
  };
}

const scratch: KeyHash = { high: 0, low: 0 };

function shardOf(key: string): number {
  hashRoutingPart(key, scratch);
  return (scratch.low >>> 0) % OWNED_SHARD_COUNT;
}

/** By rendezvous hashing: a node that comes or goes moves its own shards, and no others. */
function pickOwners(members: readonly string[], shardCount: number): Uint16Array {
  const picker = createRendezvousPicker(members.map((member) => ({ name: member, weight: 1 })));
  return Uint16Array.from({ length: shardCount }, (_, shard) => picker.pick(`shard ${shard}`));
}
