// Compares one memory that threads share with one lru-cache for each thread, at the same total memory.
//
// BENCH_SECONDS   how long each measurement runs; default 3
// BENCH_MIB       total memory in MiB; default 64
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { bundleShared } from "./shared-bundle.mjs";

const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const totalBytes = Number(process.env.BENCH_MIB ?? 64) * 2 ** 20;
const KEY_COUNT = 1_000_000;
const VALUE_LENGTH = 100;
/** What lru-cache takes for an entry of this kind, measured by heap growth: 100 for the value, 40 for the key, 130 of its own. */
const LRU_ENTRY_BYTES = 270;

const bundle = await bundleShared();
const { createSharedSlab, systemClock, systemRandom } = await import(bundle.url);

async function measure(kind, threadCount) {
  const slab =
    kind === "shared"
      ? createSharedSlab({ sizeBytes: totalBytes }, { clock: systemClock, random: systemRandom })
      : undefined;
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const capacityCount = Math.floor(totalBytes / threadCount / LRU_ENTRY_BYTES);
  const shared = { kind, bundleUrl: bundle.url, slab, capacityCount, gate, seconds };
  const workers = Array.from(
    { length: threadCount },
    (_, index) =>
      new Worker(new URL("./thread-worker.mjs", import.meta.url), {
        workerData: { ...shared, keyCount: KEY_COUNT, valueLength: VALUE_LENGTH, seed: 1_000 + index },
      }),
  );
  const answers = await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once("error", reject);
          worker.on("message", (message) => {
            if (message !== "ready") resolve(message);
            else if (Atomics.load(gate, 0) === threadCount && Atomics.exchange(gate, 1, 1) === 0)
              Atomics.notify(gate, 1);
          });
        }),
    ),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  const operations = answers.reduce(
    (sum, { operationCount, elapsedMs }) => sum + operationCount / (elapsedMs / 1_000),
    0,
  );
  const hits = answers.reduce((sum, { hitCount }) => sum + hitCount, 0);
  const all = answers.reduce((sum, { operationCount }) => sum + operationCount, 0);
  return { kind, threadCount, operationsPerSecond: Math.round(operations), hitRatio: hits / all, totalBytes };
}

const results = [];
console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; ${totalBytes / 2 ** 20} MiB in all, Zipf 0.99 of ${KEY_COUNT} keys, read-through`,
);
console.log("store        threads       ops/s   hit ratio");
for (const threadCount of [1, 2, 4]) {
  for (const kind of ["shared", "lru-cache"]) {
    const result = await measure(kind, threadCount);
    results.push(result);
    console.log(
      `${kind.padEnd(12)} ${String(threadCount).padStart(7)} ${String(result.operationsPerSecond).padStart(11)} ${result.hitRatio.toFixed(4).padStart(11)}`,
    );
  }
}
bundle.remove();
const folder = new URL("../results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const name = `shared-threads-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
writeFileSync(
  new URL(name, folder),
  JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, seconds, results }, null, 2),
);
console.log(`\nwritten to bench/results/${name}`);
