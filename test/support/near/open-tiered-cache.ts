import type { Backend } from "../../../src/backend/backend.ts";
import type { BackendHost } from "../../../src/backend/registry.ts";
import { assembleCache } from "../../../src/cache/assemble-cache.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { tellNotice } from "../../../src/cache/tell-notice.ts";
import { resolveConfig } from "../../../src/config/resolve-config.ts";
import { createTiers, type TiersParts } from "../../../src/create-tiers.ts";
import { EventHub } from "../../../src/events/event-hub.ts";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import type { FakeTime } from "../../../src/testing/fake-clock.ts";

/** What {@link openTieredCache} is told. */
export interface TieredCacheOptions {
  readonly time: FakeTime;
  /** Of the node's id: another one for each process. */
  readonly seed: number;
  readonly maxStalenessMs: number;
}

const [near] = resolveConfig({ tiers: [{ backend: "memory" }, { backend: "memcached" }] }).tiers;
const DEADLINES = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

/** A cache with copies in memory in front of a store, put together as `createCache` does it, in fake time. */
export async function openTieredCache(
  far: Backend,
  { time, seed, maxStalenessMs }: TieredCacheOptions,
): Promise<Cache> {
  const host: BackendHost = { ...time, random: createSeededRandom(seed), onRemoval: () => undefined };
  return openCacheOver(host, (events) => {
    const onNotice: TiersParts["onNotice"] = (notice) => tellNotice(events, far.name, notice);
    const parts = { far, maxStalenessMs, grpc: undefined, encode: undefined, deadlines: DEADLINES, onNotice };
    return createTiers({ near, write: { kind: "through" }, ...parts }, host);
  });
}

/** A cache over any backend, in the time of its host. */
export async function openCacheOver(host: BackendHost, create: (events: EventHub) => Backend): Promise<Cache> {
  const events = new EventHub("");
  const cache = assembleCache({
    clock: host.clock,
    scheduler: host.scheduler,
    random: host.random,
    backend: create(events),
    events,
    deadlines: DEADLINES,
    defaultTtlMs: Number.POSITIVE_INFINITY,
    rootPath: "",
  });
  await cache.ready();
  return cache;
}
