// Compares the memory cache with lru-cache and a bare Map, side by side in one run.
//
// BENCH_SECONDS   about how long to measure; default 30. Ratios from short runs are rough.
// BENCH_ROUNDS    default 11, at least 9
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { CAPACITY_COUNT, createGocachexContender, createLruCacheContender, createMapContender } from "./contenders.mjs";
import { MIN_ROUND_COUNT, measure } from "./measure.mjs";

const seconds = Number(process.env.BENCH_SECONDS ?? 30);
const roundCount = Math.max(MIN_ROUND_COUNT, Number(process.env.BENCH_ROUNDS ?? 11));

/** Half the capacity, so that every policy keeps all of them. */
const KEY_COUNT = CAPACITY_COUNT / 2;

// Stored and asked keys are equal strings but not the same objects, as in a program that builds its keys. The asked ones
// are shuffled by a fixed stride, so that no store profits from the order of insertion.
const STRIDE = 7919;
const makeKey = (id) => Buffer.from(`user:${id}:profile`).toString();
const storedKeys = Array.from({ length: KEY_COUNT }, (_, id) => makeKey(id));
const askedKeys = Array.from({ length: KEY_COUNT }, (_, index) => makeKey((index * STRIDE) % KEY_COUNT));

/** @type {Record<string, import("./measure.mjs").Workload>} */
const workloads = {
  "get hit, no promise (peek)": (contender, from, count) => contender.peekHit(askedKeys, from, count),
  "get hit, awaited": (contender, from, count) => contender.getHit(askedKeys, from, count),
  "getOrSet hit, awaited": (contender, from, count) => contender.getOrSetHit(askedKeys, from, count),
  // Last: it evicts what the others read.
  "set with eviction, awaited": (contender, from, count) => contender.setNew(from, count),
};

const contenders = [
  createGocachexContender(false),
  createGocachexContender(true),
  createLruCacheContender(),
  createMapContender(),
];
for (const contender of contenders) await contender.fill(storedKeys);

const roundMs = (seconds * 1_000) / (Object.keys(workloads).length * contenders.length * (roundCount + 2));
const results = {};
console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}, ${roundCount} rounds of ${roundMs.toFixed(0)} ms each`,
);
console.log("median ns per operation; in brackets the speed relative to lru-cache (more is faster)\n");
console.log(["".padEnd(28), ...contenders.map(({ name }) => name.padStart(20))].join(""));
for (const [name, workload] of Object.entries(workloads)) {
  const measurements = await measure(contenders, workload, { roundCount, roundMs });
  const reference = measurements.find((measurement) => measurement.name === "lru-cache");
  const cells = measurements.map(
    ({ medianNs }) => `${medianNs.toFixed(0)} (${(reference.medianNs / medianNs).toFixed(2)})`,
  );
  console.log([name.padEnd(28), ...cells.map((cell) => cell.padStart(20))].join(""));
  results[name] = measurements;
}
for (const contender of contenders) await contender.close();

const folder = new URL("./results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const file = new URL(`${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`, folder);
writeFileSync(
  file,
  JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, seconds, roundCount, results }, null, 2),
);
console.log(`\nwritten to bench/results/${file.pathname.split("/").at(-1)}`);
