// One thread of the benchmark: either a share of one memory or an lru-cache of its own.
import { parentPort, workerData } from "node:worker_threads";
import { LRUCache } from "lru-cache";

const { kind, bundleUrl, slab, capacityCount, keyCount, seed, seconds, valueLength, gate } = workerData;
const { createSharedMemoryBackend, systemClock, systemScheduler, createSeededRandom } = await import(bundleUrl);
const random = createSeededRandom(seed);

/** Zipf 0.99 by rejection-free inversion of the continuous law: near enough, and needs no table. */
const exponent = 1 - 0.99;
const top = keyCount ** exponent - 1;
const draw = () => Math.floor((random.next() * top + 1) ** (1 / exponent)) - 1;

function createStore() {
  if (kind === "lru-cache") {
    const cache = new LRUCache({ max: capacityCount });
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  }
  const host = { clock: systemClock, scheduler: systemScheduler, random, onRemoval() {}, wantsRemovals: () => false };
  const backend = createSharedMemoryBackend({ slab }, host);
  return {
    get: (key) => backend.peek(key),
    set: (key, value) => backend.set(key, { value, ttlMs: Number.POSITIVE_INFINITY, tags: [] }),
  };
}

const store = createStore();
const filler = "v".repeat(valueLength - 8);
function readThrough(count) {
  let hitCount = 0;
  for (let index = 0; index < count; index += 1) {
    const key = `user:${draw()}:profile`;
    if (store.get(key) !== undefined) hitCount += 1;
    // A value of its own, as a loader would return it.
    else store.set(key, `${filler}${(index % 90_000_000) + 10_000_000}`);
  }
  return hitCount;
}

// Long enough that caches are full and code is compiled, before all threads start together.
readThrough(Math.min(1_500_000, keyCount * 2));
Atomics.add(gate, 0, 1);
parentPort.postMessage("ready");
Atomics.wait(gate, 1, 0);
const startAt = performance.now();
let operationCount = 0;
let hitCount = 0;
while (performance.now() - startAt < seconds * 1_000) {
  hitCount += readThrough(5_000);
  operationCount += 5_000;
}
parentPort.postMessage({ operationCount, hitCount, elapsedMs: performance.now() - startAt });
