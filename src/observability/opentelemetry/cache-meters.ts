import type { Cache } from "../../cache/cache.ts";
import type { CacheObservation } from "../../cache/observe-cache.ts";
import type { CacheStats, TierStats } from "../../cache/stats.ts";
import type { OtelAttributes, OtelMeter, OtelObserver } from "./otel-api.ts";

/** What the instruments of a cache are made with. */
export interface CacheMetersParts {
  readonly cache: Cache;
  readonly observation: CacheObservation;
  readonly meter: OtelMeter;
  /** Of every call to the store. */
  readonly storeAttributes: OtelAttributes;
  /** Of what concerns the cache as a whole. */
  readonly cacheAttributes: OtelAttributes;
}

/** Upper bounds in seconds that the conventions advise. */
const DURATION_BOUNDS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** A value, and what tells it apart from others of its instrument. */
type Point = readonly [value: number, attributes?: OtelAttributes];

/** What one look at a cache finds. */
interface Reading {
  readonly kind: "counter" | "gauge";
  readonly unit: string;
  readonly description: string;
  /** Values with the attributes that tell them apart. */
  readonly read: (stats: CacheStats, observation: CacheObservation) => ReadonlyArray<Point>;
}

/** Instruments that are read when metrics are collected, by name. Counting costs a cache what it counts anyway. */
const READINGS: Readonly<Record<string, Reading>> = {
  "gocachex.cache.hits": {
    kind: "counter",
    unit: "{read}",
    description: "Reads that found a live entry, by the tier that answered.",
    read: (_stats, { reads, nearTier, backend }) => {
      const byTier = new Map(reads.hitsByTier);
      const near = nearTier ?? backend;
      if (reads.directHits > 0) byTier.set(near, (byTier.get(near) ?? 0) + reads.directHits);
      return [...byTier].map(([tier, count]) => [count, { "gocachex.tier": tier }]);
    },
  },
  "gocachex.cache.misses": {
    kind: "counter",
    unit: "{read}",
    description: "Reads that found none.",
    read: ({ misses }) => [[misses]],
  },
  "gocachex.cache.stale": {
    kind: "counter",
    unit: "{read}",
    description: "Answers with an entry whose TTL was over.",
    read: ({ staleServed }) => [[staleServed]],
  },
  "gocachex.cache.loads": {
    kind: "counter",
    unit: "{load}",
    description: "Loader calls.",
    read: ({ loads }) => [[loads]],
  },
  "gocachex.cache.load.failures": {
    kind: "counter",
    unit: "{load}",
    description: "Loader calls that threw or timed out.",
    read: ({ loadFailures }) => [[loadFailures]],
  },
  "gocachex.cache.evictions": {
    kind: "counter",
    unit: "{entry}",
    description: "Entries removed to make room, by tier.",
    read: ({ tiers }) => tiers.map(({ name, evictions }) => [evictions, { "gocachex.tier": name }]),
  },
  "gocachex.cache.entries": {
    kind: "gauge",
    unit: "{entry}",
    description: "Keys, by tier, where this process knows.",
    read: ({ tiers }) => knownOf(tiers, ({ keyCount }) => keyCount),
  },
  "gocachex.cache.size": {
    kind: "gauge",
    unit: "By",
    description: "Bytes in use, by tier, where this process knows.",
    read: ({ tiers }) => knownOf(tiers, ({ memoryUsage }) => memoryUsage),
  },
  "gocachex.cache.running_loads": {
    kind: "gauge",
    unit: "{load}",
    description: "Loads that run now.",
    read: (_stats, observation) => [[observation.runningLoadCount()]],
  },
};

function knownOf(tiers: readonly TierStats[], pick: (tier: TierStats) => number | undefined): readonly Point[] {
  return tiers.flatMap((tier): readonly Point[] => {
    const value = pick(tier);
    return value === undefined ? [] : [[value, { "gocachex.tier": tier.name }]];
  });
}

/**
 * Makes the instruments of a cache: its counts, read when they are collected, and for a remote store the histogram `db.client.operation.duration`.
 *
 * @returns takes them away
 */
export function meterCache(parts: CacheMetersParts): () => void {
  const { cache, observation, meter, cacheAttributes } = parts;
  const instruments = Object.entries(READINGS).map(([name, { kind, unit, description, read }]) => {
    const options = { unit, description };
    const isCounter = kind === "counter";
    const instrument = isCounter
      ? meter.createObservableCounter(name, options)
      : meter.createObservableUpDownCounter(name, options);
    return { instrument, read };
  });
  const collect = (observer: OtelObserver): void => {
    const stats = cache.stats();
    for (const { instrument, read } of instruments) {
      for (const [value, attributes] of read(stats, observation)) {
        observer.observe(instrument, value, { ...cacheAttributes, ...attributes });
      }
    }
  };
  const observed = instruments.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(collect, observed);
  // A call that memory answers is no call of a database, and costs less than to measure it.
  const stop = observation.isLocal ? undefined : timeCalls(parts, cache);
  return () => {
    stop?.();
    meter.removeBatchObservableCallback(collect, observed);
  };
}

function timeCalls({ meter, storeAttributes }: CacheMetersParts, cache: Cache): () => void {
  const duration = meter.createHistogram("db.client.operation.duration", {
    unit: "s",
    description: "Duration of calls to the store.",
    advice: { explicitBucketBoundaries: DURATION_BOUNDS_S },
  });
  return cache.on("operation", ({ operation, outcome, durationMs }) => {
    const attributes = { ...storeAttributes, "db.operation.name": operation };
    duration.record(durationMs / 1_000, outcome === "ok" ? attributes : { ...attributes, "error.type": outcome });
  });
}
