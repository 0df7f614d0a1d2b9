// One object a library, each with loops of its own. The loops look alike on purpose: a shared one would see every
// library at one call site, and measure that instead. Values are small objects, as caches usually hold.
import { LRUCache } from "lru-cache";
import { createCache } from "../dist/index.mjs";

/** So many entries may stay; all contenders hold the same. */
export const CAPACITY_COUNT = 100_000;

const makeValue = (/** @type {number} */ id) => ({ id, name: "a name", tags: [1, 2, 3] });
const neverCalled = () => {
  throw new Error("The loader ran: this was no hit.");
};

/**
 * With `copy`, callers cannot change what is cached; without it, the default, the cache hands out what it holds, as the others do.
 *
 * @param {boolean} copy
 * @returns {import("./measure.mjs").Contender}
 */
export function createGocachexContender(copy) {
  const cache = createCache({ memory: { maxKeys: CAPACITY_COUNT, maxSize: "4GB", copy } });
  return {
    name: copy ? "gocachex, copies" : "gocachex",
    async fill(keys) {
      for (let index = 0; index < keys.length; index += 1) await cache.set(keys[index], makeValue(index));
    },
    peekHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if (cache.peek(keys[index % keys.length]) !== undefined) hits += 1;
      }
      return hits;
    },
    async getHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await cache.get(keys[index % keys.length])) !== undefined) hits += 1;
      }
      return hits;
    },
    async setNew(from, count) {
      for (let index = from; index < from + count; index += 1) await cache.set(`new:${index}`, makeValue(index));
    },
    async getOrSetHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await cache.getOrSet(keys[index % keys.length], neverCalled)) !== undefined) hits += 1;
      }
      return hits;
    },
    close: () => cache.close(),
  };
}

/** @returns {import("./measure.mjs").Contender} */
export function createLruCacheContender() {
  const cache = new LRUCache({ max: CAPACITY_COUNT, fetchMethod: neverCalled });
  return {
    name: "lru-cache",
    async fill(keys) {
      for (let index = 0; index < keys.length; index += 1) cache.set(keys[index], makeValue(index));
    },
    peekHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if (cache.get(keys[index % keys.length]) !== undefined) hits += 1;
      }
      return hits;
    },
    async getHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await cache.get(keys[index % keys.length])) !== undefined) hits += 1;
      }
      return hits;
    },
    async setNew(from, count) {
      for (let index = from; index < from + count; index += 1) await cache.set(`new:${index}`, makeValue(index));
    },
    async getOrSetHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await cache.fetch(keys[index % keys.length])) !== undefined) hits += 1;
      }
      return hits;
    },
    close: async () => cache.clear(),
  };
}

/**
 * The floor: a Map that evicts its oldest key, and loads through an async function.
 *
 * @returns {import("./measure.mjs").Contender}
 */
export function createMapContender() {
  const map = new Map();
  // One iterator for ever: a new one would walk over all the holes that deleted keys left.
  const oldestKeys = map.keys();
  const put = (/** @type {string} */ key, /** @type {unknown} */ value) => {
    map.set(key, value);
    if (map.size > CAPACITY_COUNT) map.delete(oldestKeys.next().value);
  };
  const load = async (/** @type {string} */ key) => map.get(key) ?? neverCalled();
  return {
    name: "Map",
    async fill(keys) {
      for (let index = 0; index < keys.length; index += 1) put(keys[index], makeValue(index));
    },
    peekHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if (map.get(keys[index % keys.length]) !== undefined) hits += 1;
      }
      return hits;
    },
    async getHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await map.get(keys[index % keys.length])) !== undefined) hits += 1;
      }
      return hits;
    },
    async setNew(from, count) {
      for (let index = from; index < from + count; index += 1) await put(`new:${index}`, makeValue(index));
    },
    async getOrSetHit(keys, from, count) {
      let hits = 0;
      for (let index = from; index < from + count; index += 1) {
        if ((await load(keys[index % keys.length])) !== undefined) hits += 1;
      }
      return hits;
    },
    close: async () => map.clear(),
  };
}
