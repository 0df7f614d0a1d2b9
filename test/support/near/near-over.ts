import type { Backend } from "../../../src/backend/backend.ts";
import type { BackendHost } from "../../../src/backend/registry.ts";
import { CoherenceFleet } from "../../../src/coherence/coherence-fleet.ts";
import { CoherenceNode } from "../../../src/coherence/coherence-node.ts";
import type { CoherenceTransport } from "../../../src/coherence/transport.ts";
import { isWithinNamespace, namespaceOf } from "../../../src/entry/namespace-path.ts";
import { createIsolation } from "../../../src/memory/isolation.ts";
import { createMemoryBackend } from "../../../src/memory/memory-backend.ts";
import { createNearBackend } from "../../../src/tiers/near-backend.ts";
import { NearCopies } from "../../../src/tiers/near-copies.ts";
import { ServerClock } from "../../../src/tiers/server-clock.ts";

/** A store with near copies, and what a test looks into. */
export interface NearSetup {
  readonly backend: Backend;
  readonly node: CoherenceNode;
  readonly fleet: CoherenceFleet;
  readonly copies: NearCopies;
}

/** What a test chooses. */
export interface NearSetupOptions {
  readonly maxStalenessMs?: number;
  readonly maxTtlMs?: number;
  readonly keepsWrites?: boolean;
  readonly nodeId?: string;
  readonly transports?: readonly CoherenceTransport[];
  /** Whether the store is asked about copies. Default: each is proven by its own read alone. */
  readonly isRevalidated?: boolean;
}

/** Near copies over a store of values without heads: each copy is proven by its own read. */
export function nearOver(
  far: Backend,
  host: BackendHost,
  {
    maxStalenessMs = 2_000,
    maxTtlMs = Number.POSITIVE_INFINITY,
    keepsWrites = true,
    nodeId = "node",
    transports = [],
    isRevalidated = false,
  }: NearSetupOptions = {},
): NearSetup {
  const { clock, scheduler } = host;
  const near = createMemoryBackend(
    {
      maxSizeBytes: 64 * 1024 * 1024,
      maxKeys: Number.POSITIVE_INFINITY,
      evictionPolicy: "lru",
      cleanupIntervalMs: 60_000,
      copy: false,
    },
    host,
  );
  const serverClock = new ServerClock(clock);
  const copies = new NearCopies({
    near,
    isolation: createIsolation(true),
    maxTtlMs,
    serverClock,
  });
  const tier = far.sharedTier;
  const node = new CoherenceNode({
    shardCount: tier?.shardCount ?? 1,
    shardOf: (key) => tier?.shardOf(key) ?? 0,
    isWithin: (key, path) => path === "" || isWithinNamespace(namespaceOf(key), path),
    maxStalenessMs,
    clock,
    scheduler,
    sink: copies,
    tier: undefined,
    revalidation: isRevalidated ? far.revalidation : undefined,
  });
  const fleet = new CoherenceFleet({
    nodeId,
    node,
    transports,
    clock,
    scheduler,
    maxStalenessMs,
    listNodes: undefined,
  });
  return {
    backend: createNearBackend({ far, copies, node, serverClock, near, keepsWrites, fleet }),
    node,
    fleet,
    copies,
  };
}
