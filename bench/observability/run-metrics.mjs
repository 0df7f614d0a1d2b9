// What metrics cost: a cache without them beside caches with them, one long-lived instance of each, in alternating rounds of one process.
//
// BENCH_ROUNDS   measured rounds; default 15
// BENCH_LOOPS    names of loops with ; between, such as "get;peek"; default all
// BENCH_ROUND_MS about how long a round of one cache runs; default 100; in CPU time, which is what is measured: other programs on the machine have no part in it
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile, readCpuMs } from "../measure.mjs";

const ROUND_COUNT = Number(process.env.BENCH_ROUNDS ?? 15);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 100);
const WARM_UP_COUNT = 15;
const KEY_COUNT = 10_000;
/** Between two looks at the clock. */
const BATCH_COUNT = 2_000;
/** One in so many reads is timed by the sampling contrast. */
const SAMPLE_COUNT = 128;
/** Observations of one measurement of a histogram. */
const OBSERVATION_COUNT = 200_000;

const bundle = await bundleSources(
  {
    createCache: "src/create-cache.ts",
    prometheusMetrics: "src/observability/prometheus/prometheus-metrics.ts",
    DurationHistogram: "src/observability/prometheus/duration-histogram.ts",
    DURATION_BOUNDS_SECONDS: "src/observability/prometheus/duration-histogram.ts",
  },
  "metrics",
);
const { createCache, prometheusMetrics, DurationHistogram, DURATION_BOUNDS_SECONDS } = await import(
  pathToFileURL(bundle).href
);
/** The library of the project: the bundle takes the same. */
const { Counter, Histogram, Registry } = createRequire(bundle)("prom-client");

const keys = Array.from({ length: KEY_COUNT }, (_, index) => `key-${index}`);
const value = Object.freeze({ id: 7, name: "x".repeat(80) });

/** @param {(cache: any) => Promise<unknown>} watch @returns {Promise<any>} a full cache that is watched so */
async function openCache(watch) {
  const cache = createCache({ memory: { copy: false } });
  await watch(cache);
  for (const key of keys) await cache.set(key, value);
  return cache;
}

/** What a first version would have done. @param {any} cache */
async function countByEvents(cache) {
  const hits = new Counter({ name: "hits_total", help: "Hits.", labelNames: ["tier"], registers: [new Registry()] });
  cache.on("hit", (/** @type {{ tier: string }} */ { tier }) => hits.inc({ tier }));
}

/** @type {Readonly<Record<string, any>>} */
const caches = {
  "without metrics": await openCache(async () => undefined),
  "without metrics, again": await openCache(async () => undefined),
  "with metrics": await openCache((cache) => prometheusMetrics(cache)),
  "with a listener that counts hits": await openCache(countByEvents),
};

/** @type {Readonly<Record<string, (cache: any, from: number) => Promise<void> | void>>} */
const loops = {
  get: async (cache, from) => {
    for (let index = 0; index < BATCH_COUNT; index += 1) await cache.get(keys[(from + index * 7) % KEY_COUNT]);
  },
  peek: (cache, from) => {
    for (let index = 0; index < BATCH_COUNT; index += 1) cache.peek(keys[(from + index * 7) % KEY_COUNT]);
  },
  getOrSet: async (cache, from) => {
    for (let index = 0; index < BATCH_COUNT; index += 1) {
      await cache.getOrSet(keys[(from + index * 7) % KEY_COUNT], () => value);
    }
  },
  set: async (cache, from) => {
    for (let index = 0; index < BATCH_COUNT; index += 1) await cache.set(keys[(from + index * 7) % KEY_COUNT], value);
  },
  "get, one in 128 timed": async (cache, from) => {
    for (let index = 0; index < BATCH_COUNT; index += 1) {
      const isTimed = index % SAMPLE_COUNT === 0;
      const startMs = isTimed ? performance.now() : 0;
      await cache.get(keys[(from + index * 7) % KEY_COUNT]);
      if (isTimed) sampled.observe(performance.now() - startMs);
    }
  },
};
const sampled = new DurationHistogram();

/** @param {any} cache @param {(cache: any, from: number) => Promise<void> | void} loop @returns {Promise<number>} ns of one call */
async function runRound(cache, loop) {
  let count = 0;
  const startMs = readCpuMs();
  let nowMs = startMs;
  while (nowMs - startMs < ROUND_MS) {
    await loop(cache, count);
    count += BATCH_COUNT;
    nowMs = readCpuMs();
  }
  return ((nowMs - startMs) / count) * 1e6;
}

console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
console.log(`${ROUND_COUNT} alternating rounds of ${ROUND_MS} ms; medians, and the median of the ratios of each round`);
const chosen = process.env.BENCH_LOOPS?.split(";");
for (const [name, loop] of Object.entries(loops)) {
  if (chosen !== undefined && !chosen.includes(name)) continue;
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(caches).map((each) => [each, []]));
  const names = Object.keys(caches);
  for (let round = 0; round < WARM_UP_COUNT + ROUND_COUNT; round += 1) {
    // Each begins as often: what comes first in a round meets another machine than what comes last.
    const order = names.map((_, index) => names[(index + round) % names.length]);
    for (const each of order) {
      const ns = await runRound(caches[each], loop);
      if (round >= WARM_UP_COUNT) times[each]?.push(ns);
    }
  }
  const base = times["without metrics"] ?? [];
  for (const [each, own] of Object.entries(times).sort()) {
    const ratios = own.map((ns, round) => ns / (base[round] ?? 1));
    console.log(`${name} | ${each} | ${quantile(own).toFixed(1)} ns | ${quantile(ratios).toFixed(3)}`);
  }
}

/** @param {string} name @param {(durationMs: number) => void} observe */
function measureObserving(name, observe) {
  const times = Array.from({ length: ROUND_COUNT }, () => {
    const startMs = readCpuMs();
    for (let index = 0; index < OBSERVATION_COUNT; index += 1) observe(0.05 + (index % 100) / 10);
    return ((readCpuMs() - startMs) / OBSERVATION_COUNT) * 1e6;
  });
  console.log(`observing a duration | ${name} | ${quantile(times).toFixed(1)} ns`);
}

const own = new DurationHistogram();
measureObserving("arrays of our own", (durationMs) => own.observe(durationMs));
const labelNames = ["cache", "operation", "backend"];
const buckets = [...DURATION_BOUNDS_SECONDS];
const theirs = new Histogram({ name: "theirs", help: "Theirs.", labelNames, buckets, registers: [new Registry()] });
const labels = { cache: "default", operation: "get", backend: "redis" };
const child = theirs.labels(labels);
measureObserving("prom-client, prepared labels", (durationMs) => child.observe(durationMs / 1_000));
measureObserving("prom-client, labels each time", (durationMs) => theirs.observe(labels, durationMs / 1_000));

const scraped = await prometheusMetrics(caches["with metrics"]);
const scrapes = [];
for (let round = 0; round < ROUND_COUNT * 10; round += 1) {
  const startMs = readCpuMs();
  await scraped.metrics();
  scrapes.push(readCpuMs() - startMs);
}
console.log(`a scrape | ${quantile(scrapes).toFixed(2)} ms`);
for (const cache of Object.values(caches)) await cache.close();
