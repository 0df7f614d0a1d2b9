// The catalogue: what is measured, under which name.

/**
 * @typedef {object} SpeedScenario
 * @property {string} id
 * @property {string} title
 * @property {string} detail
 * @property {import("./loops.mjs").LoopKind} kind
 * @property {import("./loops.mjs").KeySource} keySource
 * @property {"same" | "equal"} [readyKeys] for ready-made keys of hits: the stored string objects, or copies of them
 * @property {boolean} [hasTtl]
 * @property {boolean} [hasByteBound]
 * @property {boolean} [hasCommonWeigher] with a byte bound: every library is given the same function, ours too
 */

/** @type {readonly SpeedScenario[]} */
export const speedScenarios = [
  {
    id: "get-built-short",
    title: "get hit, key just concatenated, short",
    detail: '`"user:" + id`; every request hits',
    kind: "get",
    keySource: "built-short",
  },
  {
    id: "get-built-long",
    title: "get hit, key just concatenated, 64 characters",
    detail: "a prefix of 56 characters and 8 digits; every request hits",
    kind: "get",
    keySource: "built-long",
  },
  {
    id: "get-equal",
    title: "get hit, equal but distinct key strings",
    detail: "ready-made flat copies of the stored keys; every request hits",
    kind: "get",
    keySource: "ready",
    readyKeys: "equal",
  },
  {
    id: "get-same",
    title: "get hit, the same key strings",
    detail: "the very string objects that are stored; every request hits",
    kind: "get",
    keySource: "ready",
    readyKeys: "same",
  },
  {
    id: "set-new",
    title: "set of new keys with eviction",
    detail: "the store is full and every key is new and just concatenated",
    kind: "set",
    keySource: "new",
  },
  {
    id: "read-through",
    title: "read-through with eviction, ready-made keys",
    detail: "get, and on a miss set",
    kind: "read-through",
    keySource: "ready",
  },
  {
    id: "read-through-built",
    title: "read-through with eviction, keys just concatenated",
    detail: "get, and on a miss set",
    kind: "read-through",
    keySource: "built-short",
  },
  {
    id: "mixed",
    title: "75 % get, 25 % set, ready-made keys",
    detail: "independent draws; a missed get sets nothing",
    kind: "mixed",
    keySource: "ready",
  },
  {
    id: "mixed-built",
    title: "75 % get, 25 % set, keys just concatenated",
    detail: "independent draws; a missed get sets nothing",
    kind: "mixed",
    keySource: "built-short",
  },
  {
    id: "get-ttl",
    title: "get hit, every entry with a TTL",
    detail:
      "ready-made copies of the keys; the event loop turns after every 2,000 reads, as in a server, so that cached clocks age",
    kind: "get",
    keySource: "ready",
    readyKeys: "equal",
    hasTtl: true,
  },
  {
    id: "byte-bound",
    title: "read-through under a byte bound, ready-made keys",
    detail: "values of 20 to 419 characters of text; the bound has room for about as many entries as the size says",
    kind: "read-through",
    keySource: "ready",
    hasByteBound: true,
  },
  {
    id: "byte-bound-weigher",
    title: "read-through under a byte bound, ready-made keys, one weigher for all",
    detail: "as before, but no library weighs by itself: ours is given the function that the others are given",
    kind: "read-through",
    keySource: "ready",
    hasByteBound: true,
    hasCommonWeigher: true,
  },
];

/** Scenarios with a program of their own, one library a process; the sizes do not apply. */
export const wholeScenarios = ["growth", "memory", "gc", "flooding", "api", "loading", "tiers"];

/** Keys that are read in the scenario of caches with two tiers. */
export const TIER_KEY_COUNTS = [1_000, 10_000];

/** @type {Record<string, number>} */
export const sizes = { "10k": 10_000, "100k": 100_000, "1m": 1_000_000 };

/** Distinct keys that are asked for, as a multiple of the capacity, wherever something can miss. */
export const UNIVERSE_FACTOR = 10;

/**
 * Why a peer takes no part in a scenario.
 *
 * @param {import("./peers.mjs").Peer} peer
 * @param {SpeedScenario} scenario
 * @returns {string | undefined} `undefined`: it does
 */
export function reasonToSkip(peer, scenario) {
  if (scenario.hasByteBound === true && peer.bytes === undefined) return "has no bound in bytes";
  if (scenario.kind !== "get" && !peer.evicts) return "does not evict";
  if (scenario.hasTtl === true && peer.ttl === undefined && peer.id !== "Map") return "has no TTL";
  return undefined;
}
