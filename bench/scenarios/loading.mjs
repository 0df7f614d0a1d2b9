import { createCache as createDedupeCache } from "async-cache-dedupe";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { Cacheable } from "cacheable";
import { Loader } from "layered-loader";
import { LRUCache } from "lru-cache";
import { importEngine } from "../engine.mjs";
import { measure, quantile } from "../measure.mjs";
import { drawZipfIds, flatCopy, keyStyles, makeValues, VALUE_COUNT } from "../workload.mjs";

const REQUEST_COUNT = 2 ** 18;
const KEY_COUNT = 10_000;
const HERD_COUNT = 10_000;
const LATENCY_COUNT = 200_000;
const TTL_MS = 3_600_000;

/**
 * A library as a loading cache: `get` answers from it or calls the source, which counts its calls.
 *
 * @typedef {object} LoadingPeer
 * @property {string} id
 * @property {(key: string) => any} get
 * @property {() => unknown} [close]
 */

/**
 * @param {(key: string) => any} source
 * @returns {Promise<readonly LoadingPeer[]>}
 */
async function createPeers(source) {
  const { createCache } = await importEngine("cache");
  const ours = createCache({ memory: { maxKeys: 2 * KEY_COUNT, maxSize: "8GB" } });
  const loadOurs = (/** @type {{ key: string }} */ { key }) => source(key);
  const map = new Map();
  const lru = new LRUCache({ max: 2 * KEY_COUNT, fetchMethod: (key) => source(key) });
  const layered = new Loader({
    inMemoryCache: { cacheType: "lru-object", cacheId: "bench", ttlInMsecs: TTL_MS, maxItems: 2 * KEY_COUNT },
    dataSources: [{ name: "source", get: async (/** @type {string} */ key) => source(key), getMany: async () => [] }],
  });
  const bento = new BentoCache({
    default: "memory",
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 2 * KEY_COUNT, serialize: false })) },
  });
  const cacheable = new Cacheable({ ttl: TTL_MS });
  const manager = createManager({ ttl: TTL_MS });
  const dedupe = createDedupeCache({ ttl: 3_600, storage: { type: "memory", options: { size: 2 * KEY_COUNT } } });
  dedupe.define("load", async (/** @type {string} */ key) => source(key));
  return [
    {
      id: "async function, Map.get",
      get: async (key) => {
        if (!map.has(key)) map.set(key, await source(key));
        return map.get(key);
      },
    },
    { id: "gocachex getOrSet", get: (key) => ours.getOrSet(key, loadOurs), close: () => ours.close() },
    { id: "gocachex getOrSet, ttl", get: (key) => ours.getOrSet(key, loadOurs, { ttl: TTL_MS }) },
    { id: "lru-cache fetch", get: (key) => lru.fetch(key) },
    { id: "layered-loader", get: (key) => layered.get(key) },
    { id: "async-cache-dedupe", get: (key) => dedupe.load(key) },
    { id: "bentocache", get: (key) => bento.getOrSet({ key, factory: () => source(key), ttl: TTL_MS }) },
    { id: "cacheable", get: (key) => cacheable.getOrSet(key, async () => source(key)) },
    { id: "cache-manager", get: (key) => manager.wrap(key, async () => source(key)) },
  ];
}

/**
 * Loading caches beside each other: awaited hits, the slowest of them, and a herd of callers of one cold key.
 *
 * @param {{ roundCount: number, roundMs: number }} job
 */
export async function runLoading({ roundCount, roundMs }) {
  const values = makeValues(VALUE_COUNT);
  let callCount = 0;
  const source = (/** @type {string} */ key) => {
    callCount += 1;
    const value = values[key.length & (VALUE_COUNT - 1)];
    return key.startsWith("herd") ? new Promise((resolve) => setImmediate(resolve, value)) : value;
  };
  const peers = await createPeers(source);
  const stored = Array.from({ length: KEY_COUNT }, (_, id) => flatCopy(keyStyles.short.make(id)));
  const ids = drawZipfIds({ drawCount: REQUEST_COUNT, universe: KEY_COUNT });
  const keys = Array.from(ids, (id) => /** @type {string} */ (stored[id]));
  for (const { get } of peers) for (const key of stored) await get(key);
  const warmCount = callCount;
  const runners = peers.map(({ id, get }) => ({ id, run: compile(id, get, keys) }));
  globalThis.gc?.();
  const { results, cpuRatio } = await measure(runners, { roundCount, roundMs });
  if (callCount !== warmCount) throw new Error(`${callCount - warmCount} hits called the source.`);
  const rows = [...results];
  for (const { id, get } of peers) rows.push(await slowestHits(id, get, keys));
  for (const { id, get } of peers) rows.push(await herd(id, get, () => callCount));
  for (const { close } of peers) await close?.();
  return { capacity: KEY_COUNT, cpuRatio, results: rows };
}

/**
 * @param {string} id
 * @param {LoadingPeer["get"]} get
 * @param {readonly string[]} keys
 */
function compile(id, get, keys) {
  const loop = new Function(
    `"use strict"; /* ${id} */
    return async function loop(get, keys, from, count) {
      const mask = keys.length - 1;
      let hits = 0, sum = 0;
      for (let i = from, end = from + count; i < end; i++) {
        const v = await get(keys[i & mask]);
        if (v != null) { hits++; sum = (sum + v.id) | 0; }
      }
      return { hits, sum };
    };`,
  )();
  return (/** @type {number} */ from, /** @type {number} */ count) => loop(get, keys, from, count);
}

/**
 * The 99th percentile of single awaited hits; the clock's own 30 to 60 ns are in it.
 *
 * @param {string} id
 * @param {LoadingPeer["get"]} get
 * @param {readonly string[]} keys
 */
async function slowestHits(id, get, keys) {
  const times = new Float64Array(LATENCY_COUNT);
  for (let index = 0; index < LATENCY_COUNT; index += 1) {
    const key = /** @type {string} */ (keys[index & (keys.length - 1)]);
    const startedAt = process.hrtime.bigint();
    await get(key);
    times[index] = Number(process.hrtime.bigint() - startedAt);
  }
  return row(`${id}: p99 of a hit`, [quantile([...times], 0.99)]);
}

/**
 * Time per caller of many who ask for one cold key at once, and how often the source was called.
 *
 * @param {string} id
 * @param {LoadingPeer["get"]} get
 * @param {() => number} callCount
 */
async function herd(id, get, callCount) {
  const samples = [];
  let calls = 0;
  const roundCount = 7;
  for (let round = 0; round < roundCount; round += 1) {
    const key = `herd:${id}:${round}`;
    const before = callCount();
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: HERD_COUNT }, () => get(key)));
    samples.push(((performance.now() - startedAt) * 1e6) / HERD_COUNT);
    calls += callCount() - before;
  }
  return row(`${id}: a caller of ${HERD_COUNT}, ${calls / roundCount} calls`, samples);
}

/**
 * @param {string} peer
 * @param {number[]} samplesNs
 */
function row(peer, samplesNs) {
  return {
    ...{ peer, samplesNs, hitRatio: null, operationCount: samplesNs.length },
    medianNs: quantile(samplesNs),
    quartile1Ns: quantile(samplesNs, 0.25),
    quartile3Ns: quantile(samplesNs, 0.75),
  };
}
