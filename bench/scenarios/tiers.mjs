import KeyvRedis from "@keyv/redis";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisDriver } from "bentocache/drivers/redis";
import { Cacheable } from "cacheable";
import { Keyv } from "keyv";
import { importEngine } from "../engine.mjs";
import { measure } from "../measure.mjs";
import { withServers } from "../remote/remote-servers.mjs";
import { drawZipfIds, flatCopy, keyStyles, makeValues, VALUE_COUNT } from "../workload.mjs";

const REQUEST_COUNT = 2 ** 18;
const TTL_MS = 3_600_000;

/**
 * A library whose memory is full of what is read.
 *
 * @typedef {object} TieredPeer
 * @property {string} id
 * @property {any} target
 * @property {string} read an expression of `target`, the key `k` and the loader `load`
 */

/**
 * Hits in memory of caches that have a Redis server behind it, beside the cache that has memory alone.
 *
 * @param {{ keyCount: number, roundCount: number, roundMs: number }} job
 */
export function runTiers({ keyCount, roundCount, roundMs }) {
  return withServers("redis", 1, async ([server]) => {
    if (server === undefined) throw new Error("No server.");
    const address = `${server.host}:${server.port}`;
    const stored = Array.from({ length: keyCount }, (_, id) => flatCopy(keyStyles.short.make(id)));
    const values = makeValues(VALUE_COUNT);
    const { peers, close } = await openPeers(address, keyCount);
    try {
      // What everyone has in memory is not loaded any more when the rounds begin.
      const load = (/** @type {string} */ key) => values[key.length & (VALUE_COUNT - 1)];
      for (const { id, target, read } of peers) {
        const fill = compile(`${id}, filled`, read);
        await fill(target, stored, load, 0, keyCount, keyCount);
      }
      const copies = stored.map(flatCopy);
      const ids = drawZipfIds({ drawCount: REQUEST_COUNT, universe: keyCount });
      const keys = Array.from(ids, (id) => copies[id]);
      const source = () => {
        throw new Error("The loader ran: this was no hit.");
      };
      const runners = peers.map(({ id, target, read }) => {
        const loop = compile(id, read);
        return {
          id,
          run: (/** @type {number} */ from, /** @type {number} */ count) =>
            loop(target, keys, source, from, count, keys.length),
        };
      });
      globalThis.gc?.();
      const { results, cpuRatio } = await measure(runners, { roundCount, roundMs });
      const missing = results.find(({ hitRatio }) => hitRatio < 1);
      if (missing !== undefined) throw new Error(`${missing.peer} missed; this is about hits.`);
      return { capacity: keyCount, cpuRatio, results };
    } finally {
      await close();
    }
  });
}

/**
 * @param {string} address
 * @param {number} keyCount
 */
async function openPeers(address, keyCount) {
  const { createCache } = await importEngine("cache");
  const memory = { maxKeys: 2 * keyCount, maxSize: "8GB" };
  const alone = createCache({ memory });
  // A module of its own: what is compiled for one does not know the other.
  const { createCache: createTiered } = await importEngine("tiered");
  const tiered = createTiered({
    ...{ hierarchical: true, namespace: "gocachex", l1: { backend: "memory", memory }, l2: { backend: "redis" } },
    redis: { addresses: [address] },
  });
  const bento = new BentoCache({
    default: "tiered",
    stores: {
      tiered: bentostore()
        .useL1Layer(memoryDriver({ maxItems: 2 * keyCount, serialize: false }))
        .useL2Layer(redisDriver({ connection: { host: hostOf(address), port: portOf(address) } })),
    },
  });
  const cacheable = new Cacheable({
    ttl: TTL_MS,
    secondary: new Keyv({ store: new KeyvRedis(`redis://${address}`) }),
  });
  /** @type {readonly TieredPeer[]} */
  const peers = [
    { id: "gocachex, memory alone, get", target: alone, read: "cache.get(k)" },
    { id: "gocachex, memory alone, getOrSet", target: alone, read: "cache.getOrSet(k, ({ key }) => load(key))" },
    { id: "gocachex, two tiers, get", target: tiered, read: "cache.get(k)" },
    { id: "gocachex, two tiers, getOrSet", target: tiered, read: "cache.getOrSet(k, ({ key }) => load(key))" },
    { id: "bentocache, two tiers, get", target: bento, read: "cache.get({ key: k })" },
    {
      id: "bentocache, two tiers, getOrSet",
      target: bento,
      read: `cache.getOrSet({ key: k, factory: () => load(k), ttl: ${TTL_MS} })`,
    },
    { id: "cacheable, two tiers, get", target: cacheable, read: "cache.get(k)" },
    { id: "cacheable, two tiers, getOrSet", target: cacheable, read: "cache.getOrSet(k, async () => load(k))" },
  ];
  // `get` reads what `getOrSet` has loaded, so it comes after it where each is filled.
  const loaders = peers.filter(({ id }) => id.endsWith("getOrSet"));
  return {
    peers: [...loaders, ...peers.filter((peer) => !loaders.includes(peer))],
    close: async () => {
      await Promise.all([alone.close(), tiered.close(), bento.disconnectAll(), cacheable.disconnect()]);
    },
  };
}

/** @param {string} address */
function hostOf(address) {
  return address.slice(0, address.lastIndexOf(":"));
}

/** @param {string} address */
function portOf(address) {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/**
 * @param {string} name
 * @param {string} read
 * @returns {(cache: any, keys: readonly string[], load: (key: string) => unknown, from: number, count: number, length: number) => Promise<{ hits: number, sum: number }>}
 */
function compile(name, read) {
  return new Function(
    `"use strict"; /* ${name} */
    return async function loop(cache, keys, load, from, count, length) {
      let hits = 0, sum = 0;
      for (let i = from, end = from + count; i < end; i++) {
        const k = keys[i % length], v = await ${read};
        if (v != null) { hits++; sum = (sum + v.id) | 0; }
      }
      return { hits, sum };
    };`,
  )();
}
