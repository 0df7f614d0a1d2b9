import { summarizeGc, watchGc } from "../gc-watch.mjs";
import { watchCpu } from "../measure.mjs";
import { OperationTimes } from "../operation-times.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { flatCopy, makeValues } from "../workload.mjs";

/**
 * One store grows from empty; every operation is timed. Keys and values exist before, in the old generation, so that
 * what is collected is the store's own. The reading of the clock is part of every operation, some 40 ns.
 *
 * @param {{ peer: string, entryCount: number }} job
 */
export async function runGrowth({ peer: peerId, entryCount }) {
  const peer = findPeer(peerId);
  const keys = Array.from({ length: entryCount }, (_, id) => flatCopy(`key:${String(id).padStart(12, "0")}`));
  const values = makeValues(entryCount);
  // Loop and clock are compiled on a small store of the same library that is then let go.
  const grow = compileGrowth(peer);
  const small = await createStore(peer, { capacity: 20_000 });
  grow({ ...small, keys, values, times: new OperationTimes() }, 20_000);
  small.cache.close?.();
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();

  const times = new OperationTimes();
  const gc = watchGc();
  const cpuRatio = watchCpu();
  const startedAt = performance.now();
  const { cache, aux } = await createStore(peer, { capacity: entryCount });
  const createdAt = performance.now();
  grow({ cache, aux, keys, values, times }, entryCount);
  const totalMs = performance.now() - createdAt;
  const cpuRatioAtEnd = cpuRatio();
  const pauses = (await gc.stop()).filter(({ startMs }) => startMs >= startedAt && startMs < createdAt + totalMs);
  if (readBack(peer, cache, keys, values) === 0) throw new Error(`${peerId} has lost all of the entries.`);
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
    return function grow({ cache, aux, keys, values, times }, count) {
      for (let i = 0; i < count; i++) {
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
 * @param {readonly string[]} keys
 * @param {readonly unknown[]} values
 * @returns {number} how many of the sampled entries are there
 */
function readBack(peer, cache, keys, values) {
  const read = new Function("cache", "k", `return ${peer.get};`);
  let found = 0;
  for (let index = 0; index < keys.length; index += 9_973) {
    const value = read(cache, keys[index]);
    if (value != null && value !== values[index]) throw new Error(`${peer.id} answered with another value.`);
    if (value != null) found += 1;
  }
  return found;
}
