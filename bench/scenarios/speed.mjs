import { engineBytes } from "../engine.mjs";
import { compileFill, compileLoop, readRatio } from "../loops.mjs";
import { measure } from "../measure.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { reasonToSkip, sizes, speedScenarios, UNIVERSE_FACTOR } from "../scenarios.mjs";
import {
  drawZipfIds,
  estimateBytes,
  flatCopy,
  keyStyles,
  makeValues,
  recentZipfIds,
  VALUE_COUNT,
} from "../workload.mjs";

/**
 * Requests before the stream repeats. For hits it may repeat soon: what is asked for never changes what is stored. Where
 * something can miss, one turn of the stream must ask for several times more keys than fit.
 */
const REQUEST_COUNT = 2 ** 20;
const LARGE_REQUEST_COUNT = 2 ** 23;
/** From this capacity on the stream is a large one. */
const LARGE_CAPACITY = 1_000_000;
/** Far longer than a run. */
const TTL_MS = 3_600_000;
/** Reads between two turns of the event loop: some tenths of a millisecond. */
const TTL_SLICE_COUNT = 2_000;
/** Requests before the rounds, where something can miss; slow libraries get fewer. */
const WARM_UP_PER_ENTRY = 4;
const MAX_WARM_UP_COUNT = 1_000_000;
const MAX_WARM_UP_MS = 1_000;
const WARM_UP_SLICE_COUNT = 5_000;
/** Requests whose answers are compared with what was stored before anything is timed. */
const CHECK_COUNT = 1_000;
const MIN_STORED_RATIO = 0.99;

/**
 * One scenario at one size: all peers in this process, in turns.
 *
 * @param {{ scenario: string, size: string, peers: readonly string[], roundCount: number, roundMs: number }} job
 */
export async function runSpeed(job) {
  const scenario = speedScenarios.find(({ id }) => id === job.scenario);
  const capacity = sizes[job.size];
  if (scenario === undefined || capacity === undefined) throw new Error(`Unknown: ${job.scenario} at ${job.size}.`);
  const workload = createWorkload(scenario, capacity);
  const skipped = [];
  const runners = [];
  for (const id of job.peers) {
    const peer = findPeer(id);
    const reason = reasonToSkip(peer, scenario);
    if (reason !== undefined) skipped.push({ peer: id, reason });
    else runners.push(await createRunner(peer, workload).catch((error) => ({ id, error })));
  }
  // Everything prepared moves to the old generation, where it is in a program that has run for a while.
  globalThis.gc?.();
  globalThis.gc?.();
  const failures = runners.filter((runner) => "error" in runner);
  const measured = runners.filter((runner) => "run" in runner);
  const { results, cpuRatio } = await measure(measured, {
    roundCount: job.roundCount,
    roundMs: job.roundMs,
    from: scenario.kind === "set" ? capacity : 0,
    ...(scenario.hasTtl === true ? { sliceCount: TTL_SLICE_COUNT } : {}),
  });
  const readShare = readRatio(scenario.kind);
  return {
    capacity,
    cpuRatio,
    results: results.map(({ hitRatio, ...rest }) => ({
      ...rest,
      hitRatio: readShare === 0 ? null : hitRatio / readShare,
    })),
    skipped,
    failures: failures.map(({ id, error }) => ({ peer: id, reason: String(error?.stack ?? error) })),
  };
}

/**
 * @typedef {object} Workload
 * @property {import("../scenarios.mjs").SpeedScenario} scenario
 * @property {number} capacity
 * @property {Int32Array} fillIds in the order in which they are written before the run
 * @property {Int32Array} ids
 * @property {readonly any[]} values
 * @property {{ stored: readonly string[], asked: readonly string[] }[]} sharedKeys at most one; see {@link readyKeys}
 * @property {readonly string[]} universe ready-made keys by id, of those that occur; empty when keys are built in the loop
 */

/**
 * @param {import("../scenarios.mjs").SpeedScenario} scenario
 * @param {number} capacity
 * @returns {Workload}
 */
function createWorkload(scenario, capacity) {
  const isHit = scenario.kind === "get";
  const universe = isHit ? capacity : capacity * UNIVERSE_FACTOR;
  const isLarge = !isHit && capacity >= LARGE_CAPACITY;
  const ids = drawZipfIds({ drawCount: isLarge ? LARGE_REQUEST_COUNT : REQUEST_COUNT, universe });
  // The store starts full: with every key when only hits are asked for, else as a long run of the same load leaves it.
  const fillIds =
    isHit || scenario.kind === "set"
      ? Int32Array.from({ length: capacity }, (_, index) => index)
      : recentZipfIds(capacity, universe);
  return {
    scenario,
    capacity,
    fillIds,
    ids,
    values: makeValues(VALUE_COUNT, scenario.hasByteBound === true),
    universe: scenario.keySource === "ready" ? makeUniverse(universe, [ids, fillIds]) : [],
    sharedKeys: [],
  };
}

/**
 * @param {number} size
 * @param {readonly Int32Array[]} uses
 */
function makeUniverse(size, uses) {
  const keys = new Array(size);
  for (const ids of uses) for (const id of ids) keys[id] ??= flatCopy(keyStyles.short.make(id));
  return keys;
}

/**
 * @param {import("../peers.mjs").Peer} peer
 * @param {Workload} workload
 * @returns {Promise<import("../measure.mjs").Runner>}
 */
async function createRunner(peer, workload) {
  const { scenario, capacity, fillIds, ids, values } = workload;
  const { cache, aux } = await createStore(peer, {
    capacity,
    ...(scenario.hasTtl === true ? { ttlMs: TTL_MS } : {}),
    ...(scenario.hasByteBound === true
      ? { bytes: { maxBytes: await byteBound(peer, workload), ...byteMeasure(scenario) } }
      : {}),
  });
  const { stored, asked } = readyKeys(peer, workload);
  const fill = compileFill(peer, scenario.keySource === "new" ? "built-short" : scenario.keySource);
  fill({ cache, aux, ids: fillIds, keys: stored, values }, 0, capacity);
  const loop = compileLoop(peer, scenario.kind, scenario.keySource);
  const input = { cache, aux, ids, keys: asked, values };
  if (scenario.kind === "get") assertAnswers(peer, loop(input, 0, CHECK_COUNT), ids);
  const warmedCount = scenario.kind === "read-through" || scenario.kind === "mixed" ? warmUp(loop, input, capacity) : 0;
  return { id: peer.id, run: (from, count) => loop(input, from + warmedCount, count) };
}

/**
 * The keys of the fill and of the requests, where the scenario has them ready-made. Libraries share them, but for those
 * that change the strings they are given.
 *
 * @param {import("../peers.mjs").Peer} peer
 * @param {Workload} workload
 */
function readyKeys(peer, { scenario, fillIds, ids, universe, sharedKeys }) {
  if (scenario.keySource !== "ready") return { stored: [], asked: [] };
  const isShared = peer.internsKeys !== true;
  if (isShared && sharedKeys.length > 0) return sharedKeys[0];
  const own = isShared ? universe : universe.map(flatCopy);
  const copies = scenario.readyKeys === "equal" ? own.map(flatCopy) : own;
  const keys = { stored: select(own, fillIds), asked: select(copies, ids) };
  if (isShared) sharedKeys.push(keys);
  return keys;
}

/**
 * @param {readonly string[]} keys
 * @param {Int32Array} ids
 * @returns {string[]}
 */
function select(keys, ids) {
  const selected = new Array(ids.length);
  for (let index = 0; index < ids.length; index += 1) selected[index] = keys[ids[index]];
  return selected;
}

/**
 * Lets policies that learn from the load learn: the store was filled in one go, which says nothing about popularity.
 *
 * @param {import("../loops.mjs").Loop} loop
 * @param {import("../loops.mjs").LoopInput} input
 * @param {number} capacity
 * @returns {number} requests taken from the stream
 */
function warmUp(loop, input, capacity) {
  const endAt = performance.now() + MAX_WARM_UP_MS;
  const requestCount = Math.min(capacity * WARM_UP_PER_ENTRY, MAX_WARM_UP_COUNT);
  let at = 0;
  for (; at < requestCount && performance.now() < endAt; at += WARM_UP_SLICE_COUNT)
    loop(input, at, WARM_UP_SLICE_COUNT);
  return at;
}

/** @param {import("../scenarios.mjs").SpeedScenario} scenario */
function byteMeasure({ hasCommonWeigher = false }) {
  return { sizeOf: estimateBytes, isCommon: hasCommonWeigher };
}

/**
 * Bytes for about `capacity` entries, in the peer's own measure.
 *
 * @param {import("../peers.mjs").Peer} peer
 * @param {Workload} workload
 */
async function byteBound(peer, { scenario, capacity, fillIds, values, universe }) {
  const entries = Array.from(fillIds.subarray(0, 10_000), (id) => [universe[id], values[id & (VALUE_COUNT - 1)]]);
  let totalBytes = 0;
  if (peer.packageName === undefined) {
    const bytes = { maxBytes: Number.MAX_SAFE_INTEGER, ...byteMeasure(scenario) };
    const { cache, aux } = await createStore(peer, { capacity, bytes });
    const put = compileFill(peer, "ready");
    put({ cache, aux, ids: fillIds, keys: entries.map(([key]) => key), values }, 0, entries.length);
    totalBytes = engineBytes(cache);
    cache.close();
  } else {
    for (const [key, value] of entries) totalBytes += estimateBytes(value, key);
  }
  return Math.ceil((totalBytes / entries.length) * capacity);
}

/**
 * @param {import("../peers.mjs").Peer} peer
 * @param {{ hits: number, sum: number }} answer
 * @param {Int32Array} ids
 */
function assertAnswers(peer, { hits, sum }, ids) {
  const expected = ids.subarray(0, CHECK_COUNT).reduce((total, id) => total + (id & (VALUE_COUNT - 1)), 0);
  if (hits === CHECK_COUNT && sum === expected) return;
  if (hits === CHECK_COUNT) throw new Error(`${peer.id} answered with other values than were stored.`);
  // A cache may drop a few entries before it is full; the hit ratio is told with the result.
  if (hits < CHECK_COUNT * MIN_STORED_RATIO) throw new Error(`${peer.id} found ${hits} of ${CHECK_COUNT} stored keys.`);
}
