/**
 * Memory, a Memcached nearby and a Redis far away as three tiers of one cache: who answers, what it costs, why an old copy in the middle does no harm, and what happens when the
 * middle or the last tier falls silent. Run it after a build, with a Redis or Valkey and a Memcached at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 MEMCACHED=127.0.0.1:11211 node examples/three-tiers/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end. The distance to Redis is made: every message takes 10 ms.
 */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createCache } from "gocachex";
import { openSlowWay } from "./slow-way.mjs";

const url = new URL(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");
const far = { hostname: url.hostname, port: url.port || 6379 };
const nearby = new URL(`tcp://${process.env.MEMCACHED ?? "127.0.0.1:11211"}`);

/** The longest that anybody may serve what another has changed. */
const MAX_STALENESS_MS = 1_000;
const PRODUCT_COUNT = 200;
/** Callers at a time. A process proves what it reads all the time: who reads once in a while is answered by the last tier. */
const READER_COUNT = 20;
/** Of these, what the memory of a process has room for. */
const MEMORY_COUNT = 50;

const toRedis = await openSlowWay(far, 10);
const toMemcached = await openSlowWay(nearby, 0);

/** Each of these is what a process of its own would have. `memcached`: how it gets there; without one it has two tiers. */
function openCache(redis, memcached) {
  const middle = { backend: "memcached", memcached: { servers: [memcached] }, ttl: "10m", timeout: "500ms" };
  return createCache({
    namespace: "example",
    tiers: [
      { backend: "memory", memory: { maxKeys: MEMORY_COUNT } },
      ...(memcached === undefined ? [] : [middle]),
      { backend: "redis", ttl: "1h", redis: { addresses: [redis], ...credentials() } },
    ],
    consistency: { maxStaleness: MAX_STALENESS_MS },
    deadlines: { read: 2_000, write: 2_000 },
  });
}

function credentials() {
  const given = {};
  if (url.username) given.username = decodeURIComponent(url.username);
  if (url.password) given.password = decodeURIComponent(url.password);
  return given;
}

/** Two processes in a place that has a Memcached, and one elsewhere, without it. */
const here = openCache(toRedis.address, nearby.host);
const there = openCache(toRedis.address, toMemcached.address);
const elsewhere = openCache(`${far.hostname}:${far.port}`);

const products = Array.from({ length: PRODUCT_COUNT }, (_, id) => `product:${id}`);

function show(label, ...results) {
  console.log(`  ${label.padEnd(66)}`, ...results);
}

/** Reads everything, some at the same time. Who answered how often, and how long the middle one of them took, in ms. */
async function readAll(cache) {
  const times = new Map();
  const waiting = [...products];
  const readOn = async () => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const startedAt = performance.now();
      const { tier } = await cache.getEntry(key);
      times.set(tier, [...(times.get(tier) ?? []), performance.now() - startedAt]);
    }
  };
  await Promise.all(Array.from({ length: READER_COUNT }, readOn));
  return new Map(
    [...times].map(([tier, all]) => [tier, { count: all.length, ms: all.sort((a, b) => a - b)[all.length >> 1] }]),
  );
}

function showAnswers(answers) {
  for (const tier of ["memory", "memcached", "redis"]) {
    const { count, ms } = answers.get(tier) ?? { count: 0 };
    show(`answers of ${tier}, median in ms`, count, ms === undefined ? "-" : ms.toFixed(3));
  }
}

async function whoAnswers() {
  console.log(`\nA process reads ${PRODUCT_COUNT} products, and its memory has room for ${MEMORY_COUNT}`);
  await here.setMulti(new Map(products.map((key, id) => [key, { id, price: 10 }])));
  // What a process has not followed itself it cannot prove, whoever put it there.
  await readAll(there);
  showAnswers(await readAll(there));
  show("one round trip for each tier in a batch: values", (await there.getMulti(products)).size);
}

function unprovenCount() {
  return there.stats().tiers.find(({ name }) => name === "memcached").copies.unproven;
}

async function oldCopies() {
  console.log("\nElsewhere somebody changes what lies in this Memcached, and nobody tells it");
  const changed = products.slice(0, MEMORY_COUNT);
  await readAll(there);
  const before = unprovenCount();
  const receipts = await Promise.all(changed.map((key) => elsewhere.set(key, { price: 11 })));
  const prices = await Promise.all(
    changed.map((key, index) => there.get(key, { after: receipts[index] }).then(({ price }) => price)),
  );
  show(
    "with the receipts nobody is served an old price",
    prices.every((price) => price === 11),
  );
  show("copies found there that nobody could prove", unprovenCount() - before);
  await delay(MAX_STALENESS_MS);
  const later = await Promise.all(changed.map((key) => there.get(key).then(({ price }) => price)));
  show(
    `without them, after ${MAX_STALENESS_MS} ms, neither`,
    later.every((price) => price === 11),
  );
}

async function silentMiddle() {
  console.log("\nThe Memcached falls silent");
  toMemcached.fallSilent();
  const found = await there.getMulti(products);
  show("a batch waits for it once, and finds all the same", found.size);
  const { status, checks } = await there.health();
  show("health", status, checks.map(({ name, status: each }) => `${name} ${each}`).join(", "));
  await there.set("price", 12);
  show("writes are as ever", await there.get("price"));
}

/** Whether a copy is served, of memory or of nearby: the Redis would not answer so soon. */
async function isServedNear(key) {
  const value = await here.get(key, { signal: AbortSignal.timeout(50) }).catch(() => undefined);
  return value !== undefined;
}

async function silentLast() {
  console.log("\nThe Redis falls silent for those who are far from it");
  toRedis.fallSilent();
  const silentAt = performance.now();
  while (await isServedNear("product:0")) await delay(1);
  show("copies are served within the bound", performance.now() - silentAt < MAX_STALENESS_MS + 260);
  const options = { softTimeout: 100 };
  show("getOrSet answers from its loader", await here.getOrSet("product:0", () => "from the source", options));
  const { status } = await here.health();
  show("health", status);
}

try {
  await Promise.all([here, there, elsewhere].map((cache) => cache.ready()));
  await whoAnswers();
  await oldCopies();
  await silentMiddle();
  await silentLast();
  console.log("\nWhat an operator sees there:");
  for (const { name, copies } of there.stats().tiers) {
    const { hits, misses, unproven, failures } = copies ?? {};
    if (copies !== undefined) show(`tier ${name}: hits, misses, unproven, failures`, hits, misses, unproven, failures);
  }
} finally {
  await elsewhere.clear();
  toRedis.close();
  toMemcached.close();
  await Promise.all([here, there, elsewhere].map((cache) => cache.close()));
}
