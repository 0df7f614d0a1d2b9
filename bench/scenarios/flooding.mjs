import { quantile, watchCpu } from "../measure.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { flatCopy, makeValues } from "../workload.mjs";

/** Reads of every key after it was written. */
const READ_COUNT = 3;

/**
 * What keys cost that were crafted to collide, against keys of the same length that were not. The crafted ones differ only in
 * characters that the engine's sampled hash does not look at, which is the most that somebody can do who knows the source
 * and not the seed: they have the same hash whatever the seed is. Stores are made anew for each round, full at its end.
 *
 * @param {{ peer: string, entryCount: number, roundCount: number }} job
 */
export async function runFlooding({ peer: peerId, entryCount, roundCount }) {
  const peer = findPeer(peerId);
  const values = makeValues(entryCount);
  const loads = {
    normal: makeKeys(entryCount, (id) => `${"a".repeat(28)}${String(id).padStart(20, "0")}`),
    flooded: makeKeys(entryCount, (id) => `${"a".repeat(16)}${id.toString(2).padStart(20, "0")}${"b".repeat(12)}`),
  };
  const { put, read } = compileLoops(peer);
  const cpuRatio = watchCpu();
  /** @type {Record<string, number[]>} */
  const samples = { normalSet: [], normalGet: [], floodedSet: [], floodedGet: [] };
  // The first round compiles.
  for (let round = 0; round <= roundCount; round += 1) {
    for (const [name, { stored, asked }] of Object.entries(loads)) {
      const { cache, aux } = await createStore(peer, { capacity: entryCount });
      globalThis.gc?.();
      const { setNs, getNs } = time(
        () => put(cache, aux, stored, values),
        () => read(cache, asked),
        entryCount,
      );
      cache.close?.();
      if (round === 0) continue;
      samples[`${name}Set`]?.push(setNs);
      samples[`${name}Get`]?.push(getNs);
    }
  }
  const median = Object.fromEntries(Object.entries(samples).map(([name, list]) => [`${name}Ns`, quantile(list)]));
  return {
    entryCount,
    cpuRatio: cpuRatio(),
    ...median,
    setRatio: (median["floodedSetNs"] ?? 0) / (median["normalSetNs"] ?? 1),
    getRatio: (median["floodedGetNs"] ?? 0) / (median["normalGetNs"] ?? 1),
  };
}

/**
 * @param {() => void} putAll
 * @param {() => number} readAll
 * @param {number} entryCount
 */
function time(putAll, readAll, entryCount) {
  const startedAt = performance.now();
  putAll();
  const filledAt = performance.now();
  let hitCount = 0;
  for (let round = 0; round < READ_COUNT; round += 1) hitCount += readAll();
  const endedAt = performance.now();
  if (hitCount !== READ_COUNT * entryCount) throw new Error("Keys were lost.");
  return {
    setNs: ((filledAt - startedAt) * 1e6) / entryCount,
    getNs: ((endedAt - filledAt) * 1e6) / (READ_COUNT * entryCount),
  };
}

/**
 * @param {number} count
 * @param {(id: number) => string} make
 */
function makeKeys(count, make) {
  const stored = Array.from({ length: count }, (_, id) => flatCopy(make(id)));
  return { stored, asked: stored.map(flatCopy) };
}

/** @param {import("../peers.mjs").Peer} peer */
function compileLoops(peer) {
  return new Function(
    `"use strict"; /* ${peer.id} */
    function put(cache, aux, keys, values) {
      for (let i = 0; i < keys.length; i++) { const k = keys[i], v = values[i]; ${peer.set}; }
    }
    function read(cache, keys) {
      let hits = 0;
      for (let i = 0; i < keys.length; i++) { const k = keys[i]; const v = ${peer.get}; if (v != null) hits++; }
      return hits;
    }
    return { put, read };`,
  )();
}
