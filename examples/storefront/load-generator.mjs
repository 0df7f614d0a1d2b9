import { setMaxListeners } from "node:events";
import { createHttpClient } from "./http-client.mjs";
import { pause } from "./pause.mjs";
import { createVisitedProductSampler, popularProductIds } from "./popularity.mjs";
import { createSeededRandom } from "./seeded-random.mjs";

/** Visitors at the same time, each on a connection of its own. */
const VISITOR_COUNT = 32;
/**
 * Mean time a visitor looks at a page. Visitors who pause keep the node busy but not saturated, so that latency is the
 * time a page takes and not the length of a queue.
 */
const LOOK_TIME_MS = 8;
/** Pause between two requests that bypass the cache. */
const UNCACHED_PAUSE_MS = 100;
const PRICE_CHANGE_PAUSE_MS = 1_000;
/** Prices change in bursts, so that later changes meet the loads that earlier ones have caused. */
const BURST_CHANGE_COUNT = 4;
/** Longest time between two changes of a burst; about as long as a search of the catalogue. */
const BURST_PAUSE_MS = 80;
/** Prices change where it hurts: at products that are being read all the time. */
const CHANGED_PRODUCT_COUNT = 50;
const FAILURE_PAUSE_MS = 200;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long running requests may take to end after a stop. */
const DRAIN_MS = 2_000;
const TRAFFIC_SEED = 42;

/**
 * Sends the shop's traffic until the signal is aborted: many visitors who read through the cache, one who reads without
 * it to measure the difference, and a shopkeeper who changes prices and looks at once whether they show.
 *
 * @param {{
 *   origin: string,
 *   record: import("./traffic-record.mjs").TrafficRecord,
 *   ledger: import("./price-ledger.mjs").PriceLedger,
 *   elapsedMs: () => number,
 *   signal: AbortSignal,
 * }} options `elapsedMs`: ms since the start of the run
 * @returns {Promise<void>} resolves when all traffic has ended
 */
export async function generateLoad({ origin, record, ledger, elapsedMs, signal }) {
  // Every visitor listens for the stop.
  setMaxListeners(0, signal);
  const client = createHttpClient(origin, { connectionCount: VISITOR_COUNT + 4, timeoutMs: REQUEST_TIMEOUT_MS });
  const random = createSeededRandom(TRAFFIC_SEED);
  const traffic = { client, record, ledger, elapsedMs, random, draw: createVisitedProductSampler(random), signal };
  const workers = Array.from({ length: VISITOR_COUNT }, () => repeat(traffic, visit));
  workers.push(repeat(traffic, visitWithoutCache), repeat(traffic, changePrices));
  const ended = Promise.all(workers);
  await Promise.race([ended, aborted(signal).then(() => pause(DRAIN_MS, AbortSignal.timeout(DRAIN_MS)))]);
  client.close();
  await ended;
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", resolve, { once: true });
  });
}

async function repeat(traffic, step) {
  while (!traffic.signal.aborted) {
    try {
      await step(traffic);
    } catch (error) {
      if (traffic.signal.aborted) return;
      traffic.record.failure(error);
      await pause(FAILURE_PAUSE_MS, traffic.signal);
    }
  }
}

async function visit(traffic) {
  const lookTimeMs = -LOOK_TIME_MS * Math.log(1 - traffic.random());
  await pause(lookTimeMs, traffic.signal);
  if (!traffic.signal.aborted) await readCached(traffic, traffic.draw());
}

/** Reads a page through the cache and judges its price. @returns {Promise<boolean>} whether it was stale */
async function readCached({ client, record, ledger, elapsedMs }, id) {
  const requiredVersion = ledger.requiredVersion(id);
  const { status, text, latencyMs, headers } = await client.send("GET", `/app/products/${id}`);
  if (status !== 200) throw new Error(`GET /app/products/${id}: status ${status}`);
  record.cachedRequest(elapsedMs(), latencyMs, headers["x-cache"] === "hit");
  return requiredVersion !== undefined && ledger.check(id, requiredVersion, JSON.parse(text).product.price);
}

async function visitWithoutCache(traffic) {
  const path = `/app/products/${traffic.draw()}?cache=off`;
  const { status, latencyMs } = await traffic.client.send("GET", path);
  if (status !== 200) throw new Error(`GET ${path}: status ${status}`);
  traffic.record.uncachedRequest(traffic.elapsedMs(), latencyMs);
  await pause(UNCACHED_PAUSE_MS, traffic.signal);
}

/**
 * Changes a price several times in a row. Each change empties the cache, so the next reader starts a load; the change
 * after it often comes when that load has already read the row but not returned it. A cache that stores such a result
 * serves an old price from then on. Each change is followed by a read that must show it.
 */
async function changePrices(traffic) {
  const candidates = popularProductIds(CHANGED_PRODUCT_COUNT);
  const id = candidates[Math.floor(traffic.random() * candidates.length)];
  const reads = [];
  for (let change = 0; change < BURST_CHANGE_COUNT && !traffic.signal.aborted; change += 1) {
    await changePrice(traffic, id);
    const read = readCached(traffic, id);
    // Judged below; a read that fails before that must not count as unhandled.
    read.catch(() => undefined);
    reads.push(read);
    await pause(traffic.random() * BURST_PAUSE_MS, traffic.signal);
  }
  await Promise.all(reads);
  await readCached(traffic, id);
  await pause(PRICE_CHANGE_PAUSE_MS, traffic.signal);
}

async function changePrice({ client, ledger }, id) {
  const page = ledger.knows(id) ? undefined : await client.json("GET", `/app/products/${id}`);
  const { version, price } = ledger.begin(id, page?.product.price);
  await client.json("POST", `/app/products/${id}/price`, { price });
  ledger.confirm(id, version);
}
