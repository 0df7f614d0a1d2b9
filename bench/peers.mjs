// The libraries that are compared. Each says how it is made and what a read and a write look like in the generated
// loops: `k` is the key, `v` the value. All keep references; none copies values.
import { createEngine, ENGINE_GET, ENGINE_SET } from "./engine.mjs";

/**
 * @typedef {object} StoreOptions
 * @property {number} capacity most entries
 * @property {number} [ttlMs] time to live of every entry
 * @property {{ maxBytes: number, sizeOf: (value: any, key: string) => number, isCommon?: boolean }} [bytes] a bound in bytes instead; common: ours too is to use `sizeOf`
 *
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} [packageName]
 * @property {boolean} evicts whether it can be bounded; those that cannot only take part where nothing has to leave
 * @property {string} [ttl] how entries get a TTL; absent: it has none
 * @property {string} [bytes] how it bounds bytes; absent: it cannot
 * @property {boolean} [internsKeys] it uses keys as property names, which makes V8 rewrite the very string objects it is
 *   given; it gets its own, or it would change what the others measure
 * @property {string} [note]
 * @property {string} get
 * @property {string} set
 * @property {(options: StoreOptions, module: any) => { cache: any, aux?: any } | Promise<{ cache: any, aux?: any }>} create
 */

/** What a cache has when nothing is said. */
const DEFAULT_POLICY = "w-lirs";

/** All times are far away: nothing expires during a run. */
const seconds = (/** @type {number} */ ms) => ms / 1_000;

/**
 * Ours: the memory engine, driven synchronously.
 *
 * @param {string} policy
 * @returns {Peer}
 */
function gocachex(policy) {
  return {
    id: policy === DEFAULT_POLICY ? "gocachex" : `gocachex:${policy}`,
    evicts: true,
    ttl: "per entry",
    bytes: "its own estimate of every entry's memory, which looks into the value",
    note: `the engine under the cache, policy ${policy}`,
    get: ENGINE_GET,
    set: ENGINE_SET,
    create: ({ capacity, ttlMs, bytes }) =>
      createEngine(
        bytes === undefined
          ? { maxKeys: capacity, maxSizeBytes: Number.POSITIVE_INFINITY, policy, ttlMs }
          : {
              ...{ maxKeys: Number.POSITIVE_INFINITY, maxSizeBytes: bytes.maxBytes, policy, ttlMs },
              weigher: bytes.isCommon === true ? bytes.sizeOf : undefined,
            },
      ),
  };
}

/** @type {readonly Peer[]} */
const others = [
  {
    id: "lru-cache",
    packageName: "lru-cache",
    evicts: true,
    ttl: "option ttl; the clock is read again 1 ms after it was read (ttlResolution's default)",
    bytes: "maxSize and sizeCalculation; max at twice the expected count, so that it can use typed arrays",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs, bytes }, { LRUCache }) => ({
      cache:
        bytes === undefined
          ? new LRUCache({ max: capacity, ...(ttlMs === undefined ? {} : { ttl: ttlMs }) })
          : new LRUCache({ max: 2 * capacity, maxSize: bytes.maxBytes, sizeCalculation: bytes.sizeOf }),
    }),
  },
  {
    id: "Map",
    evicts: true,
    note: "the floor: no policy, no TTL; evicts the key that was set first, by one iterator kept for ever",
    get: "cache.get(k)",
    // The iterator is made when it is needed first: one from before the map grew would keep all its former tables alive.
    set: "cache.set(k, v); if (cache.size > aux.capacity) cache.delete((aux.oldest ??= cache.keys()).next().value)",
    create: ({ capacity }) => ({ cache: new Map(), aux: { capacity, oldest: undefined } }),
  },
  {
    id: "mnemonist LRUMap",
    packageName: "mnemonist",
    evicts: true,
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity }, { LRUMap }) => ({ cache: new LRUMap(capacity) }),
  },
  {
    id: "@neophi/sieve-cache",
    packageName: "@neophi/sieve-cache",
    evicts: true,
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity }, { SieveCache }) => ({ cache: new SieveCache(capacity) }),
  },
  {
    id: "quick-lru",
    packageName: "quick-lru",
    evicts: true,
    ttl: "option maxAge; reads the clock on every get",
    note: "two generations: holds up to twice its maxSize",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs }, { default: QuickLRU }) => ({
      cache: new QuickLRU({ maxSize: capacity, ...(ttlMs === undefined ? {} : { maxAge: ttlMs }) }),
    }),
  },
  {
    id: "lru.min",
    packageName: "lru.min",
    evicts: true,
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity }, { createLRU }) => ({ cache: createLRU({ max: capacity }) }),
  },
  {
    id: "tiny-lru",
    packageName: "tiny-lru",
    evicts: true,
    internsKeys: true,
    ttl: "second argument; reads the clock on every get",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs = 0 }, { lru }) => ({ cache: lru(capacity, ttlMs) }),
  },
  {
    id: "toad-cache",
    packageName: "toad-cache",
    evicts: true,
    internsKeys: true,
    ttl: "second argument; reads the clock on every get",
    note: "its Lru",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs = 0 }, { Lru }) => ({ cache: new Lru(capacity, ttlMs) }),
  },
  {
    id: "transitory",
    packageName: "transitory",
    evicts: true,
    ttl: "expireAfterWrite; a timer wheel",
    bytes: "withWeigher",
    get: "cache.getIfPresent(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs, bytes }, { newCache }) => {
      let builder = newCache().maxSize(bytes?.maxBytes ?? capacity);
      if (bytes !== undefined) {
        builder = builder.withWeigher((/** @type {string} */ key, /** @type {any} */ value) =>
          bytes.sizeOf(value, key),
        );
      }
      if (ttlMs !== undefined) builder = builder.expireAfterWrite(ttlMs);
      return { cache: builder.build() };
    },
  },
  {
    id: "cacheable memory",
    packageName: "@cacheable/memory",
    evicts: true,
    ttl: "option ttl; reads the clock on every get",
    note: "useClone: false",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ capacity, ttlMs }, { CacheableMemory }) => ({
      cache: new CacheableMemory({
        lruSize: capacity,
        useClone: false,
        ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
      }),
    }),
  },
  {
    id: "node-cache",
    packageName: "node-cache",
    evicts: false,
    internsKeys: true,
    ttl: "option stdTTL; reads the clock on every get",
    note: "useClones: false; refuses writes when full instead of evicting",
    get: "cache.get(k)",
    set: "cache.set(k, v)",
    create: ({ ttlMs = 0 }, { default: NodeCache }) => ({
      cache: new NodeCache({ useClones: false, checkperiod: 0, stdTTL: seconds(ttlMs) }),
    }),
  },
];

/** What every ratio is relative to. */
export const REFERENCE_PEER = "lru-cache";

/** The peers of a full run, in the order of the first round. */
export const peerIds = ["gocachex", ...others.map(({ id }) => id)];

/**
 * @param {string} id one of {@link peerIds}, or `gocachex:<policy>`
 * @returns {Peer}
 */
export function findPeer(id) {
  if (id === "gocachex") return gocachex(DEFAULT_POLICY);
  if (id.startsWith("gocachex:")) return gocachex(id.slice("gocachex:".length));
  const peer = others.find((other) => other.id === id);
  if (peer === undefined) throw new Error(`There is no peer "${id}". Known: ${peerIds.join(", ")}, gocachex:<policy>.`);
  return peer;
}

/**
 * @param {Peer} peer
 * @param {StoreOptions} options
 * @returns {Promise<{ cache: any, aux: any }>}
 */
export async function createStore(peer, options) {
  const module = peer.packageName === undefined ? {} : await import(peer.packageName);
  const { cache, aux } = await peer.create(options, module);
  return { cache, aux };
}
