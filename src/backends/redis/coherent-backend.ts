import type { Backend } from "../../backend/backend.ts";
import { ChangeSubscription } from "./change-subscription.ts";
import { scanRecords } from "./coherent-scan.ts";
import { CoherentStore } from "./coherent-store.ts";
import { EpochWatch, readEpoch } from "./epoch.ts";
import { RecordRevalidation } from "./record-revalidation.ts";
import { RedisSharedTier } from "./redis-shared-tier.ts";
import type { StoreParts } from "./store-parts.ts";

/** The part of a store that depends on the mode. */
export type ModeBackend = Omit<Backend, "name" | "epoch" | "connect" | "close" | "ping" | "connections" | "report"> & {
  readonly epoch: EpochWatch;
  /** Ends what it started by itself. Default: nothing is. */
  readonly stop?: () => void;
};

/** Entries as records; all a store can do. */
export function createCoherentBackend(parts: StoreParts): ModeBackend {
  const store = new CoherentStore(parts);
  const changes = subscriptionOf(parts);
  const tier = new RedisSharedTier(parts, store, changes);
  const epoch = new EpochWatch(() => readEpoch(parts));
  return {
    loadTier: tier,
    sharedTier: tier,
    stop: () => changes?.close(),
    revalidation: new RecordRevalidation(parts, store.tags, epoch, tier.watchChanges),
    epoch,
    capabilities: Object.freeze({
      storage: "bytes",
      local: false,
      conditionalWrites: true,
      counters: true,
      transactions: parts.client.topology === "cluster" ? "co-located" : "any-keys",
      leases: true,
      tags: true,
      stale: true,
      scan: true,
      clear: true,
    }),
    get: (key, context) => store.get(key, context),
    getMulti: (keys, context) => store.getMulti(keys, context),
    getStale: (keys, context) => store.getStale(keys, context),
    set: (key, write, context) => store.set(key, write, context),
    setMulti: (items, context) => store.setMulti(items, context),
    delete: (key, context) => store.delete(key, context),
    deleteMulti: (keys, context) => store.deleteMulti(keys, context),
    expire: (key, ttlMs, context) => store.expire(key, ttlMs, context),
    increment: (key, request, context) => store.increment(key, request, context),
    commit: (checks, writes, context) => store.commit(checks, writes, context),
    areColocated: (keys) => store.areColocated(keys),
    lease: (request, context) => store.lease(request, context),
    invalidateTags: (tags, context) => store.invalidateTags(tags, context),
    stamp: () => store.stamp(),
    clear: (namespace, context) => store.clear(namespace, context),
    scan: (prefix, context) => scanRecords(parts, store.tags, prefix, context),
  };
}

function subscriptionOf({ client, channels, scheduler }: StoreParts): ChangeSubscription | undefined {
  const { subscribe, subscribeShards } = client;
  return subscribe && new ChangeSubscription({ subscribe, subscribeShards, channels, scheduler });
}
