// Other libraries' caches, driven through their packages: a read, and on a miss a write.

/**
 * @typedef {object} PeerCache
 * @property {(key: number) => unknown} read `undefined` or `null` for a miss
 * @property {(key: number) => void} write
 */

/** How each package makes a cache of so many entries. Keys are numbers; the value is always `true`. */
const PEERS = {
  "lru-cache": (module, capacityCount) => {
    const cache = new module.LRUCache({ max: capacityCount });
    return { read: (key) => cache.get(key), write: (key) => void cache.set(key, true) };
  },
  transitory: (module, capacityCount) => {
    const cache = module.newCache().maxSize(capacityCount).build();
    // Evicts in batches: between two of them it holds a tenth too many, which is how its users have it too.
    return { read: (key) => cache.getIfPresent(key), write: (key) => void cache.set(key, true) };
  },
  "@neophi/sieve-cache": (module, capacityCount) => {
    const cache = new module.SieveCache(capacityCount);
    return { read: (key) => cache.get(key), write: (key) => void cache.set(key, true) };
  },
  "quick-lru": (module, capacityCount) => {
    // Holds up to twice its `maxSize`.
    const cache = new module.default({ maxSize: Math.max(1, Math.floor(capacityCount / 2)) });
    return { read: (key) => cache.get(key), write: (key) => void cache.set(key, true) };
  },
  "tiny-lru": (module, capacityCount) => {
    const cache = module.lru(capacityCount);
    return { read: (key) => cache.get(key), write: (key) => void cache.set(key, true) };
  },
  "lru.min": (module, capacityCount) => {
    const cache = module.createLRU({ max: capacityCount });
    return { read: (key) => cache.get(key), write: (key) => void cache.set(key, true) };
  },
};

/** The packages that can take part. */
export const PEER_NAMES = Object.freeze(Object.keys(PEERS));

/**
 * Loads the packages that are installed.
 *
 * @param {readonly string[]} names
 * @returns {Promise<{ peers: Map<string, (capacityCount: number) => PeerCache>, missing: string[] }>}
 */
export async function loadPeers(names) {
  const peers = new Map();
  const missing = [];
  for (const name of names) {
    const create = PEERS[name];
    if (create === undefined) throw new Error(`There is no peer "${name}"; known: ${PEER_NAMES.join(", ")}.`);
    const module = await import(name).catch((error) => {
      if (error.code === "ERR_MODULE_NOT_FOUND") return undefined;
      throw error;
    });
    if (module === undefined) missing.push(name);
    else peers.set(name, (capacityCount) => create(module, capacityCount));
  }
  return { peers, missing };
}

/**
 * @param {PeerCache} cache
 * @param {Uint32Array} keys
 * @returns {number} hits
 */
export function replayPeer(cache, keys) {
  let hitCount = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    const value = cache.read(key);
    if (value !== undefined && value !== null) hitCount += 1;
    else cache.write(key);
  }
  return hitCount;
}
