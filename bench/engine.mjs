// The one file that knows how the memory engine is made and called. The engine is no part of the published package, so
// it is bundled from the sources; see build-engine.mjs.
import process from "node:process";
import { pathToFileURL } from "node:url";

/** What the bundle exports, and from where in the tree. */
export const ENGINE_EXPORTS = {
  MemoryStore: "src/memory/memory-store.ts",
  resolveWeigher: "src/memory/user-weigher.ts",
  EVICTION_POLICY_NAMES: "src/memory/eviction/eviction-policies.ts",
  createCache: "src/create-cache.ts",
  systemClock: "src/foundation/clock.ts",
  systemRandom: "src/foundation/random-source.ts",
  systemScheduler: "src/foundation/scheduler.ts",
  createCodec: "src/codec/create-codec.ts",
  createGobSerializer: "src/codec/serializers/gob-serializer.ts",
  createKeyRing: "src/codec/encryption/key-ring.ts",
  createRedisClient: "src/clients/redis/create-redis-client.ts",
  createRedisBackend: "src/backends/redis/redis-backend.ts",
  createMemcachedBackend: "src/backends/memcached/memcached-backend.ts",
  createMemcachedClient: "src/clients/memcached/create-memcached-client.ts",
  encodeMemcachedKey: "src/clients/memcached/memcached-key.ts",
  createShardedBackend: "src/sharding/sharded-backend.ts",
  createPicker: "src/sharding/create-picker.ts",
  trainDictionary: "src/codec/dictionary/train-dictionary.ts",
};

/** A read in the generated loops: the value, or `undefined`; counts as a use. */
export const ENGINE_GET = "cache.get(k)";

/** A write in the generated loops. */
export const ENGINE_SET = "cache.set(k, v, aux.ttlMs)";

/** Names the bundle to the processes that measure. */
export const BUNDLE_VARIABLE = "GOCACHEX_BENCH_BUNDLE";

/** Names the bundle of the tree that `--against` named, if any. */
export const OTHER_BUNDLE_VARIABLE = "GOCACHEX_BENCH_OTHER_BUNDLE";

/**
 * @param {string} instance modules of different names share no compiled code, so that stores with different policies do
 *   not spoil each other's call sites
 * @param {string} [variable]
 * @returns {Promise<Record<string, any>>} what {@link ENGINE_EXPORTS} lists
 */
export function importEngine(instance, variable = BUNDLE_VARIABLE) {
  const file = process.env[variable];
  if (file === undefined) throw new Error(`${variable} is not set: start run.mjs, it makes the bundle.`);
  return import(`${pathToFileURL(file).href}?${instance}`);
}

/**
 * @param {{ maxKeys: number, maxSizeBytes: number, policy: string, ttlMs?: number | undefined,
 *   weigher?: ((value: any, key: string) => number) | undefined }} options without a weigher, the engine estimates
 * @returns {Promise<{ cache: any, aux: any }>} the engine and what the expressions above need besides
 */
export async function createEngine({ maxKeys, maxSizeBytes, policy, ttlMs = Number.POSITIVE_INFINITY, weigher }) {
  const { MemoryStore, resolveWeigher, systemClock, systemRandom, systemScheduler } = await importEngine(policy);
  const cache = new MemoryStore(
    { maxKeys, maxSizeBytes, evictionPolicy: policy, cleanupIntervalMs: 60_000, weigh: resolveWeigher(weigher) },
    // As a cache to whose events nobody listens.
    {
      ...{ clock: systemClock, random: systemRandom, scheduler: systemScheduler },
      ...{ onRemoval: () => undefined, wantsRemovals: () => false },
    },
  );
  return { cache, aux: { ttlMs } };
}

/**
 * The bytes the engine believes to use.
 *
 * @param {any} cache
 * @returns {number}
 */
export function engineBytes(cache) {
  return cache.usage("").memoryUsageBytes;
}
