import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { compileFill } from "../loops.mjs";
import { createStore, findPeer } from "../peers.mjs";
import { flatCopy, makeValues } from "../workload.mjs";

/**
 * What a full store takes besides the keys and values in it. Those exist before and after, in two arrays, so the
 * difference is the store's own.
 *
 * @param {{ peer: string, entryCount: number }} job
 */
export async function runMemory({ peer: peerId, entryCount }) {
  const peer = findPeer(peerId);
  const keys = Array.from({ length: entryCount }, (_, id) => flatCopy(`key:${String(id).padStart(12, "0")}`));
  const values = makeValues(entryCount);
  const ids = Int32Array.from({ length: entryCount }, (_, id) => id);
  const put = new Function(
    `"use strict"; return function put({ cache, aux, keys, values }, count) {
      for (let i = 0; i < count; i++) { const k = keys[i], v = values[i]; ${peer.set}; }
    };`,
  )();
  // The library's code, its compiled loops and the clock's caches are there before the first measurement.
  const small = await createStore(peer, { capacity: 1_000 });
  compileFill(peer, "ready")({ ...small, ids, keys, values }, 0, 1_000);
  small.cache.close?.();
  const before = await settledBytes();
  const { cache, aux } = await createStore(peer, { capacity: entryCount });
  put({ cache, aux, keys, values }, entryCount);
  const after = await settledBytes();
  const read = new Function("cache", "k", `return ${peer.get};`);
  const isFirstThere = read(cache, keys[entryCount - 1]) === values[entryCount - 1];
  if (!isFirstThere) throw new Error(`${peerId} does not hold what was written last.`);
  return {
    entryCount,
    bytesPerEntry: (after.heapBytes + after.externalBytes - before.heapBytes - before.externalBytes) / entryCount,
    heapBytesPerEntry: (after.heapBytes - before.heapBytes) / entryCount,
    externalBytesPerEntry: (after.externalBytes - before.externalBytes) / entryCount,
  };
}

/** After collections with turns of the event loop between them: some memory is only given back in a later turn. */
async function settledBytes() {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  // `external` includes the array buffers.
  const { heapUsed, external } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external };
}
