import { setImmediate as turn } from "node:timers/promises";
import { summarizeGc, watchGc } from "../gc-watch.mjs";
import { watchCpu } from "../measure.mjs";
import { OperationTimes } from "../operation-times.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { flatCopy, makeValues } from "../workload.mjs";

/** Entries that are made, and later written, in one go. */
const BLOCK_COUNT = 8_192;

/**
 * One store grows from empty; every operation is timed. Keys and values exist before, in the old generation, so that
 * what is collected is the store's own; in blocks, for V8 takes the marking for done while one thread is busy with an array of five
 * million elements, and then stops the program to do the rest. The event loop turns after each block, as in a program. The reading
 * of the clock is part of every operation, some 40 ns.
 *
 * @param {{ peer: string, entryCount: number }} job
 */
export async function runGrowth({ peer: peerId, entryCount }) {
  const peer = findPeer(peerId);
  const blocks = makeBlocks(entryCount);
  // Loop and clock are compiled on a small store of the same library that is then let go.
  const grow = compileGrowth(peer);
  const small = await createStore(peer, { capacity: 20_000 });
  for (const block of blocks.slice(0, 3)) grow({ ...small, ...block, times: new OperationTimes() });
  small.cache.close?.();
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();

  const times = new OperationTimes();
  const gc = watchGc();
  const cpuRatio = watchCpu();
  const startedAt = performance.now();
  const { cache, aux } = await createStore(peer, { capacity: entryCount });
  const createdAt = performance.now();
  for (const block of blocks) {
    grow({ cache, aux, ...block, times });
    await turn();
  }
  const totalMs = performance.now() - createdAt;
  const cpuRatioAtEnd = cpuRatio();
  const pauses = (await gc.stop()).filter(({ startMs }) => startMs >= startedAt && startMs < createdAt + totalMs);
  if (readBack(peer, cache, blocks) === 0) throw new Error(`${peerId} has lost all of the entries.`);
  return {
    entryCount,
    cpuRatio: cpuRatioAtEnd,
    createMs: createdAt - startedAt,
    totalMs,
    medianNs: times.quantileMs(0.5) * 1e6,
    p9999Ms: times.quantileMs(0.9999),
    ...times.longest(pauses),
    gc: summarizeGc(pauses),
  };
}

/** @param {import("../peers.mjs").Peer} peer */
function compileGrowth(peer) {
  return new Function(
    `"use strict"; /* ${peer.id} */
    return function grow({ cache, aux, keys, values, times }) {
      for (let i = 0; i < keys.length; i++) {
        const k = keys[i], v = values[i];
        const startMs = performance.now();
        ${peer.set};
        times.note(startMs, performance.now());
      }
    };`,
  )();
}

/**
 * @param {import("../peers.mjs").Peer} peer
 * @param {any} cache
 * @param {readonly Block[]} blocks
 * @returns {number} how many of the sampled entries are there
 */
function readBack(peer, cache, blocks) {
  const read = new Function("cache", "k", `return ${peer.get};`);
  let found = 0;
  for (const { keys, values } of blocks) {
    const value = read(cache, keys[0]);
    if (value != null && value !== values[0]) throw new Error(`${peer.id} answered with another value.`);
    if (value != null) found += 1;
  }
  return found;
}

/** @typedef {{ keys: readonly string[], values: readonly unknown[] }} Block */

/**
 * @param {number} entryCount
 * @returns {Block[]}
 */
function makeBlocks(entryCount) {
  const blocks = [];
  for (let from = 0; from < entryCount; from += BLOCK_COUNT) {
    const length = Math.min(BLOCK_COUNT, entryCount - from);
    const keys = Array.from({ length }, (_, index) => flatCopy(`key:${String(from + index).padStart(12, "0")}`));
    blocks.push({ keys, values: makeValues(length) });
  }
  return blocks;
}
