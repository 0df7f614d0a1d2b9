// What writes behind cost beside writes through, over one real Redis: how many a second callers get done who each wait for their answer, how long one waits, and how many the store has by then.
//
// BENCH_SECONDS   about how long each measurement runs; default 5
import { cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile } from "../measure.mjs";

const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const CONCURRENCIES = [1, 16, 128];
/** Distinct keys: as many as wait at most, so that a round is not one of rewritten keys. */
const KEY_COUNT = 10_000;
const ROUND_MS = 100;
const WARM_UP_COUNT = 3;
/** Writes in one turn of the event loop, at most. */
const TURN_WRITE_COUNT = 64;
const VALUE = Object.freeze({ id: 7, name: "x".repeat(80), tags: ["a", "b"], isActive: true });
const WRITES = /** @type {const} */ (["through", "behind"]);

const bundle = await bundleSources(
  { createCache: "src/create-cache.ts", startRedis: "scripts/servers/start-redis.ts" },
  "write-behind",
);
const { createCache, startRedis } = await import(pathToFileURL(bundle).href);

/** @typedef {{ writesPerSecond: number, arrivedPerSecond: number, p50Us: number, p99Us: number, cpuUs: number }} Round */

/** Writes until the time is over, then waits for what has not arrived. @param {any} cache @param {number} concurrency @param {(index: number) => string} keyOf @returns {Promise<Round>} */
async function runRound(cache, concurrency, keyOf) {
  const timesMs = [];
  let next = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + ROUND_MS;
  async function caller() {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await cache.set(keyOf(next++), VALUE);
      const doneMs = performance.now();
      timesMs.push(doneMs - nowMs);
      nowMs = doneMs;
      // As a server that takes requests: what answers at once must not keep the event loop from the network.
      if (next % TURN_WRITE_COUNT === 0) await nextTurn();
    }
  }
  await Promise.all(Array.from({ length: concurrency }, caller));
  const answeredMs = performance.now() - startMs;
  while (cache.stats().pendingWrites > 0) await nextTurn();
  const arrivedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    writesPerSecond: (next / answeredMs) * 1_000,
    arrivedPerSecond: (next / arrivedMs) * 1_000,
    p50Us: quantile(timesMs) * 1_000,
    p99Us: quantile(timesMs, 0.99) * 1_000,
    cpuUs: (user + system) / next,
  };
}

/** Alternating rounds. @param {Readonly<Record<string, any>>} caches @param {number} concurrency @param {(index: number) => string} keyOf */
async function compare(caches, concurrency, keyOf) {
  /** @type {Record<string, Round[]>} */
  const rounds = { through: [], behind: [] };
  for (let index = 0; index < WARM_UP_COUNT; index += 1) {
    for (const write of WRITES) await runRound(caches[write], concurrency, keyOf);
  }
  for (const endMs = performance.now() + seconds * 1_000; performance.now() < endMs; ) {
    for (const write of WRITES) rounds[write]?.push(await runRound(caches[write], concurrency, keyOf));
  }
  return rounds;
}

/** @param {readonly Round[]} rounds @param {keyof Round} name */
function spread(rounds, name) {
  const numbers = rounds.map((round) => round[name]);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((ratio) => Math.round(quantile(numbers, ratio)));
  return `${middle} (${low}–${high})`;
}

const server = await startRedis();
/** @type {Record<string, any>} */
const caches = {};
try {
  for (const write of WRITES) {
    const redis = { addresses: [`${server.host}:${server.port}`] };
    caches[write] = createCache({
      namespace: write,
      tiers: [{ backend: "memory" }, { backend: "redis", write, redis }],
    });
    await caches[write].ready();
  }
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)} before; medians (quartiles) of alternating rounds of ${ROUND_MS} ms`,
  );
  console.log("| keys | callers | write | writes/s | at the store/s | p50 µs | p99 µs | CPU µs | rounds |");
  console.log("|---|---|---|---|---|---|---|---|---|");
  const shapes = { distinct: (/** @type {number} */ index) => `k${index % KEY_COUNT}`, "one hot": () => "hot" };
  for (const [shape, keyOf] of Object.entries(shapes)) {
    for (const concurrency of CONCURRENCIES) {
      const rounds = await compare(caches, concurrency, keyOf);
      for (const write of WRITES) {
        const own = /** @type {Round[]} */ (rounds[write]);
        const names = /** @type {const} */ (["writesPerSecond", "arrivedPerSecond", "p50Us", "p99Us", "cpuUs"]);
        const cells = names.map((name) => spread(own, name));
        console.log(`| ${[shape, concurrency, write, ...cells, own.length].join(" | ")} |`);
      }
    }
  }
  console.log(`load ${loadavg()[0]?.toFixed(1)} after`);
} finally {
  for (const cache of Object.values(caches)) await cache.close();
  await server.stop();
}
