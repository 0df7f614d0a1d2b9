// Whole caches, through the published API of the last build: what the engine around a policy makes of its hit ratio.

/** Enough bytes that only the number of entries bounds. */
const MAX_SIZE = "8GB";
/** Timers and promises of the cache run once in so many requests. */
const BREATH_COUNT = 100_000;

/**
 * @param {string} policy
 * @param {Uint32Array} keys
 * @param {number} capacityCount
 * @returns {Promise<number>} hits
 */
export async function replayPublicCache(policy, keys, capacityCount) {
  const { createCache } = await import("../../dist/index.mjs").catch((error) => {
    throw new Error("There is no build of the package to measure: run `npm run build` first.", { cause: error });
  });
  const cache = createCache({ memory: { maxKeys: capacityCount, maxSize: MAX_SIZE, evictionPolicy: policy } });
  let hitCount = 0;
  try {
    for (let index = 0; index < keys.length; index += 1) {
      const key = `key:${keys[index]}`;
      if (cache.peek(key) !== undefined) hitCount += 1;
      else await cache.set(key, true);
      if (index % BREATH_COUNT === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    await cache.close();
  }
  return hitCount;
}
