import { importEngine } from "../engine.mjs";

/**
 * A store of ours as a client, driven as the cache drives it: a read needs the value alone.
 *
 * @param {any} backend
 * @param {number} ttlMs
 * @returns {Promise<Omit<import("./compare-clients.mjs").Client, "id">>}
 */
export async function storeClient(backend, ttlMs) {
  await backend.connect({});
  const tags = Object.freeze([]);
  return {
    use: {
      backend,
      reads: { isValueEnough: true },
      writes: {},
      writeOf: (/** @type {Buffer} */ value) => ({ value, ttlMs, tags }),
    },
    get: "backend.get(k, reads)",
    set: "backend.set(k, writeOf(v), writes)",
    mget: "backend.getMulti(ks, reads)",
    unwrap: "a.value",
    close: () => backend.close(),
  };
}

/**
 * A whole cache as a client: what a program calls, with the codec and all bookkeeping.
 *
 * @param {{ consistency: { mode: string } }} config
 * @param {string} instance see {@link importEngine}
 * @returns {Promise<Omit<import("./compare-clients.mjs").Client, "id">>}
 */
export async function cacheClient(config, instance) {
  const { createCache } = await importEngine(instance);
  const cache = createCache(config);
  await cache.ready();
  return {
    use: { cache, listOf: (/** @type {ReadonlyMap<string, any>} */ found) => [...found.values()] },
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    mget: "cache.getMulti(ks).then(listOf)",
    // In this mode the bytes are those of JSON, which has none of its own.
    isText: config.consistency.mode === "plain",
    close: () => cache.close(),
  };
}

/**
 * What stores and clients take of the process.
 *
 * @param {string} instance see {@link importEngine}
 */
export async function openHost(instance) {
  const engine = await importEngine(instance);
  const { systemClock: clock, systemScheduler: scheduler, systemRandom: random } = engine;
  return { engine, host: { clock, scheduler, random, onRemoval: () => undefined } };
}
