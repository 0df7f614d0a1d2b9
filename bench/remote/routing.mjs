import { importEngine } from "../engine.mjs";
import { measure, readCpuMs } from "../measure.mjs";
import { flatCopy } from "../workload.mjs";

const ALGORITHMS = ["consistent", "ketama", "rendezvous", "jump", "hash", "range"];
const NODE_COUNT = 10;
const ROUTED_KEY_COUNT = 2 ** 16;
const SHARE_KEY_COUNT = 1_000_000;

/** How nodes may be called: shares depend on names where a ring is made of them. */
const NAME_SETS = [
  (/** @type {number} */ node) => `10.0.0.${node + 1}:6379`,
  (/** @type {number} */ node) => `cache-${node}.internal:11211`,
  (/** @type {number} */ node) => `redis-${String.fromCharCode(97 + node)}`,
  (/** @type {number} */ node) => `127.0.0.1:${7_000 + node}`,
  (/** @type {number} */ node) => `shard${node}`,
];

/**
 * What finding the node of a key costs, and how even the shares are at default settings.
 *
 * @param {{ roundCount: number, roundMs: number }} job
 */
export async function runRouting({ roundCount, roundMs }) {
  const { createPicker } = await importEngine("routing");
  const keys = Array.from({ length: ROUTED_KEY_COUNT }, (_, id) => flatCopy(`@shop:user:profile:${100_000 + id}`));
  const runners = ALGORITHMS.map((algorithm) => {
    const picker = createPicker(algorithm, nodesOf(NAME_SETS[0]));
    const loop = compile(algorithm);
    return {
      id: algorithm,
      run: (/** @type {number} */ from, /** @type {number} */ count) => loop(picker, keys, from, count),
    };
  });
  const { results, cpuRatio } = await measure(runners, { roundCount, roundMs, readMs: readCpuMs });
  const shares = Object.fromEntries(
    ALGORITHMS.map((algorithm) => [
      algorithm,
      NAME_SETS.map((nameOf) => imbalance(createPicker(algorithm, nodesOf(nameOf)))),
    ]),
  );
  return { nodeCount: NODE_COUNT, keyCount: SHARE_KEY_COUNT, shares, results, cpuRatio };
}

/** @param {((node: number) => string) | undefined} nameOf */
function nodesOf(nameOf) {
  return Array.from({ length: NODE_COUNT }, (_, node) => ({ name: nameOf?.(node) ?? "", weight: 1 }));
}

/**
 * @param {any} picker
 * @returns {number} the keys of the fullest node over the mean
 */
function imbalance(picker) {
  const counts = new Float64Array(NODE_COUNT);
  for (let id = 0; id < SHARE_KEY_COUNT; id += 1) counts[picker.pick(`user:${id}`)] += 1;
  return Math.max(...counts) / (SHARE_KEY_COUNT / NODE_COUNT);
}

/** @param {string} algorithm */
function compile(algorithm) {
  return new Function(
    `"use strict"; /* ${algorithm} */
    return function loop(picker, keys, from, count) {
      const mask = keys.length - 1;
      let sum = 0;
      for (let i = from, end = from + count; i < end; i++) sum += picker.pick(keys[i & mask]);
      return { hits: count, sum: sum | 0 };
    };`,
  )();
}
