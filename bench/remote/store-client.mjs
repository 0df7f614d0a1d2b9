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
 * What stores and clients take of the process.
 *
 * @param {string} instance see {@link importEngine}
 */
export async function openHost(instance) {
  const engine = await importEngine(instance);
  const { systemClock: clock, systemScheduler: scheduler, systemRandom: random } = engine;
  return { engine, host: { clock, scheduler, random, onRemoval: () => undefined } };
}
