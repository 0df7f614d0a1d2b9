import type { EvictionPolicyName } from "../../memory/eviction/eviction-policies.ts";
import { sampleHash, type TraceFootprint } from "./footprint.ts";
import { type CapacityUnit, SimulatedCache } from "./simulated-cache.ts";
import type { Trace } from "./trace.ts";

/** What a simulation is run with. */
export interface CurveSettings {
  readonly policy: EvictionPolicyName;
  /** Ascending. */
  readonly capacities: readonly number[];
  readonly unit: CapacityUnit;
  /** Share of the keys that is simulated, with caches of that share of their capacity; 1: all. */
  readonly sampleRatio: number;
  readonly footprint: TraceFootprint;
  /** The capacity that holds all keys, and with a sample all of those, however many it happens to have. */
  readonly everything: number;
}

/** What one policy makes of a trace at several capacities. */
export interface HitRatioCurve {
  readonly policy: EvictionPolicyName;
  /** Share of the requests that found their key, by capacity. */
  readonly hitRatios: readonly number[];
  /** Share of the bytes that were asked for; equal to `hitRatios` for a trace without sizes. */
  readonly byteHitRatios: readonly number[];
}

const HASH_SPACE = 2 ** 32;

/**
 * Runs a trace through caches of several capacities at once. Memory: that of the caches.
 *
 * With a sample, only the requests of some keys are simulated, in caches that are as much smaller (C. Waldspurger et al., "Cache Modeling and Optimization using Miniature
 * Simulations", USENIX ATC 2017). A sample that happens to hold few of the hot keys sees fewer requests than its share; hot keys hit, so what is missing is counted as hits, and what is too much as none
 * (the adjustment of SHARDS).
 *
 * @param onProgress told after every batch
 */
export async function measureCurve(
  trace: Trace,
  settings: CurveSettings,
  onProgress: () => Promise<void>,
): Promise<HitRatioCurve> {
  const { policy, capacities, unit, sampleRatio, footprint, everything } = settings;
  const caches = capacities.map(
    (capacity) =>
      new SimulatedCache(
        policy,
        capacity >= everything ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(capacity * sampleRatio)),
        unit,
      ),
  );
  const threshold = sampleRatio * HASH_SPACE;
  let sampledCount = 0;
  let sampledBytes = 0;
  try {
    const batches = trace.replay((key, sizeBytes) => {
      if (sampleRatio < 1 && sampleHash(key) >= threshold) return;
      sampledCount += 1;
      sampledBytes += sizeBytes;
      for (const cache of caches) cache.request(key, sizeBytes);
    });
    for await (const _ of batches) await onProgress();
    const ratioOf = (hits: number, sampled: number, total: number): number =>
      sampleRatio === 1 ? hits / total : adjusted(hits, sampled, total * sampleRatio);
    return {
      policy,
      hitRatios: caches.map(({ hitCount }) => ratioOf(hitCount, sampledCount, footprint.requestCount)),
      byteHitRatios: caches.map(({ hitBytes }) => ratioOf(hitBytes, sampledBytes, footprint.requestBytes)),
    };
  } finally {
    for (const cache of caches) cache.close();
  }
}

function adjusted(hits: number, sampled: number, expected: number): number {
  return Math.min(1, Math.max(0, (hits + expected - sampled) / expected));
}
