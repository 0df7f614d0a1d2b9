import { setImmediate as turn } from "node:timers/promises";
import { summarizeGc, watchGc } from "../gc-watch.mjs";
import { consumed, watchCpu } from "../measure.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { UNIVERSE_FACTOR } from "../scenarios.mjs";
import { drawZipfIds } from "../workload.mjs";

const REQUEST_COUNT = 2 ** 24;
/** About this long without a turn of the event loop. */
const SLICE_COUNT = 20_000;

/**
 * A full store under load that makes garbage as programs do: keys are just concatenated, every write brings a new
 * object. Three quarters of the requests read.
 *
 * @param {{ peer: string, entryCount: number, seconds: number }} job
 */
export async function runGc({ peer: peerId, entryCount, seconds }) {
  const peer = findPeer(peerId);
  const universe = entryCount * UNIVERSE_FACTOR;
  const ids = drawZipfIds({ drawCount: REQUEST_COUNT, universe });
  const { cache, aux } = await createStore(peer, { capacity: entryCount });
  const { fill, load } = compileLoad(peer);
  fill(cache, aux, entryCount);
  load(cache, aux, ids, 0, 200_000);
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  await turn();

  const gc = watchGc();
  const cpuRatio = watchCpu();
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1_000;
  let at = 200_000;
  let longestSliceMs = 0;
  for (let now = startedAt; now < endAt; ) {
    consumed.sum = (consumed.sum + load(cache, aux, ids, at, SLICE_COUNT)) | 0;
    at += SLICE_COUNT;
    const after = performance.now();
    longestSliceMs = Math.max(longestSliceMs, after - now);
    await turn();
    now = performance.now();
  }
  const elapsedMs = performance.now() - startedAt;
  const cpuRatioAtEnd = cpuRatio();
  const pauses = (await gc.stop()).filter(({ startMs }) => startMs >= startedAt && startMs < startedAt + elapsedMs);
  const operationCount = at - 200_000;
  return {
    entryCount,
    cpuRatio: cpuRatioAtEnd,
    seconds,
    operationCount,
    operationsPerSecond: operationCount / (elapsedMs / 1_000),
    longestSliceMs,
    sliceCount: SLICE_COUNT,
    gc: summarizeGc(pauses),
  };
}

/** @param {import("../peers.mjs").Peer} peer */
function compileLoad(peer) {
  const value = '{ id: i, name: "a name", age: 20, isActive: true }';
  return new Function(
    `"use strict";
    function fill(cache, aux, count) {
      for (let i = 0; i < count; i++) { const k = "user:" + i, v = ${value}; ${peer.set}; }
    }
    function load(cache, aux, ids, from, count) {
      const mask = ids.length - 1;
      let sum = 0;
      for (let i = from, end = from + count; i < end; i++) {
        const k = "user:" + ids[i & mask];
        if ((i & 3) === 0) { const v = ${value}; ${peer.set}; }
        else { const v = ${peer.get}; if (v != null) sum = (sum + v.id) | 0; }
      }
      return sum;
    }
    return { fill, load };`,
  )();
}
