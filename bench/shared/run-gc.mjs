// Pauses of the garbage collector while a large cache is used: shared memory against lru-cache.
// Each runs in a process of its own: node run-gc.mjs shared|lru-cache [entries]; without arguments it starts both.
//
// BENCH_SECONDS   how long the mixed load runs; default 15
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";

const seconds = Number(process.env.BENCH_SECONDS ?? 15);
const [kind, countText] = process.argv.slice(2);
const VALUE = "v".repeat(40);

async function createStore(entryCount) {
  if (kind === "lru-cache") {
    const { LRUCache } = await import("lru-cache");
    const cache = new LRUCache({ max: entryCount });
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value), close() {} };
  }
  const { bundleShared } = await import("./shared-bundle.mjs");
  const bundle = await bundleShared();
  const { createSharedMemoryBackend, createSharedSlab, systemClock, systemScheduler, systemRandom } = await import(
    bundle.url
  );
  const host = {
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom,
    onRemoval() {},
    wantsRemovals: () => false,
  };
  const slab = createSharedSlab({ sizeBytes: entryCount * 170, expectedKeyCount: entryCount }, host);
  const backend = createSharedMemoryBackend({ slab }, host);
  return {
    get: (key) => backend.peek(key),
    set: (key, value) => backend.set(key, { value, ttlMs: Number.POSITIVE_INFINITY, tags: [] }),
    close() {
      console.error(backend.usage(""));
      backend.close();
      bundle.remove();
    },
  };
}

async function runOne(entryCount) {
  const pauses = [];
  new PerformanceObserver((list) => pauses.push(...list.getEntries().map((entry) => entry.duration))).observe({
    entryTypes: ["gc"],
  });
  const store = await createStore(entryCount);
  const fillAt = performance.now();
  for (let index = 0; index < entryCount; index += 1) {
    store.set(`user:${index}`, `${VALUE}${index}`);
    if (index % 100_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const fillMs = performance.now() - fillAt;
  await new Promise((resolve) => setImmediate(resolve));
  const fillPauses = pauses.splice(0);
  const startAt = performance.now();
  let operationCount = 0;
  let hitCount = 0;
  let longestMs = 0;
  while (performance.now() - startAt < seconds * 1_000) {
    const sliceAt = performance.now();
    for (let index = 0; index < 2_000; index += 1) {
      const key = `user:${Math.floor(Math.random() * entryCount * 1.05)}`;
      if (index % 4 === 0) store.set(key, `${VALUE}${index}`);
      else if (store.get(key) !== undefined) hitCount += 1;
    }
    operationCount += 2_000;
    longestMs = Math.max(longestMs, performance.now() - sliceAt);
    await new Promise((resolve) => setImmediate(resolve));
  }
  store.close();
  const stats = (list) => ({
    count: list.length,
    maxMs: Math.max(0, ...list),
    totalMs: list.reduce((sum, ms) => sum + ms, 0),
  });
  const result = { kind, entryCount, fillMs, fill: stats(fillPauses), mixed: stats(pauses), longestSliceMs: longestMs };
  console.log(
    JSON.stringify({
      ...result,
      operationsPerSecond: (operationCount / seconds) | 0,
      hitRatio: hitCount / (operationCount * 0.75),
      rssMiB: (process.memoryUsage().rss / 2 ** 20) | 0,
    }),
  );
}

if (kind !== undefined) await runOne(Number(countText));
else {
  const results = [];
  for (const [name, count] of [
    ["shared", 10_000_000],
    ["lru-cache", 5_000_000],
  ]) {
    const child = spawnSync(
      process.execPath,
      ["--max-old-space-size=6000", fileURLToPath(import.meta.url), name, String(count)],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const result = JSON.parse(child.stdout.trim().split("\n").at(-1));
    results.push(result);
    const { fill, mixed } = result;
    console.log(
      `${name.padEnd(10)} ${count} entries, ${result.rssMiB} MiB: GC while filling max ${fill.maxMs.toFixed(1)} ms, total ${fill.totalMs.toFixed(0)} ms;` +
        ` under mixed load max ${mixed.maxMs.toFixed(1)} ms, total ${mixed.totalMs.toFixed(0)} ms; ${result.operationsPerSecond} ops/s; longest 2,000 operations ${result.longestSliceMs.toFixed(1)} ms`,
    );
  }
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `shared-gc-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
  writeFileSync(new URL(name, folder), JSON.stringify({ node: process.version, seconds, results }, null, 2));
  console.log(`\nwritten to bench/results/${name}`);
}
