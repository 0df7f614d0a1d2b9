/**
 * Three services, each a process of its own with copies in memory of what one Redis holds: one trace across all of them, metrics of each in a Prometheus, and a change that is
 * seen everywhere. Run it after a build, with a Redis or Valkey and a Prometheus at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 node examples/microservices/run.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end. What it says is checked: it ends with 1 when something does not hold.
 */

import { randomBytes } from "node:crypto";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { claim, show } from "./claims.mjs";
import { LANGUAGES } from "./keys.mjs";
import { startPrometheus } from "./prometheus.mjs";
import { startCollector } from "./span-collector.mjs";
import { drawTree } from "./span-tree.mjs";
import { startService } from "./start-service.mjs";

/** The longest that anybody may serve what another has changed, while messages do not arrive: D. */
const MAX_STALENESS_MS = 500;
/** D + e: what one acknowledged change takes at most. */
const BOUND_MS = MAX_STALENESS_MS * 1.01 + 10;
/** What a busy machine may add to what is waited for. */
const BUSY_MS = 1_500;
/** What has not come by then does not come. */
const WAIT_MS = 60_000;
const REQUESTS_AGAIN = 20;
const PRODUCT_COUNT = 40;
const CUSTOMER_COUNT = 8;
const REQUESTS_EACH = 75;

/** What was started, to be ended in reverse. */
const started = [];

async function start(starting) {
  const each = await starting;
  started.push(each);
  return each;
}

async function stopAll() {
  for (const each of started.splice(0).reverse()) await each.close();
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopAll().finally(() => process.exit(1)));

async function until(what, find) {
  const endsAt = performance.now() + WAIT_MS;
  while (performance.now() < endsAt) {
    const found = await find();
    if (found) return found;
    await delay(20);
  }
  throw new Error(`No ${what} within ${WAIT_MS} ms.`);
}

async function get(url, headers = {}) {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answered with ${response.status}.`);
  return response.json();
}

/** A request that is the first of a trace, as of a browser or a load balancer that traces. */
function beginTrace() {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** Makes requests, one after another, and says of each which spans came of it, and what they are below. */
async function traced(collector, services, url, count) {
  const traces = [];
  for (let request = 0; request < count; request += 1) {
    const { traceId, spanId, headers } = beginTrace();
    await get(url, headers);
    traces.push({ traceId, spanId });
  }
  // Each process sends its spans once a second, in the order in which they ended: when those of a later request are there, the others are.
  const later = beginTrace();
  await Promise.all(services.map((service) => fetch(`${service.url}/healthz`, { headers: later.headers })));
  await until("spans", () => collector.spansOf(later.traceId).length === services.length);
  return traces.map(({ traceId, spanId }) => ({ spans: collector.spansOf(traceId), spanId }));
}

async function oneTrace(collector, gateway, services) {
  console.log("\nA page that nobody has asked for yet: one trace, three services");
  const url = `${gateway.url}/app/page/7/en`;
  const [{ spans, spanId }] = await traced(collector, services, url, 1);
  for (const line of drawTree(spans, spanId)) console.log(`  ${line}`);
  const served = spans.filter(({ kind }) => kind === "SERVER").sort((a, b) => (a.startNs < b.startNs ? -1 : 1));
  claim(
    "services, each asked by the one before",
    served.map(({ service }) => service).join() === "gateway,catalog,pricing",
  );
  claim("everything is below the request", drawTree(spans, spanId).length === spans.length);
  const loads = spans.filter(({ name }) => name === "gocachex.load").map(({ service }) => service);
  claim("each loads once", loads.sort().join() === "catalog,gateway,pricing");

  console.log(`\nThe same page again, ${REQUESTS_AGAIN} times`);
  const again = await traced(collector, services, url, REQUESTS_AGAIN);
  const fromMemory = again.filter((trace) => trace.spans.length === 1);
  for (const line of drawTree(again.at(-1).spans, again.at(-1).spanId)) console.log(`  ${line}`);
  show("answered from the gateway's memory, which is no span", fromMemory.length);
  claim("most of them are", fromMemory.length > REQUESTS_AGAIN / 2);
  claim(
    "for none is another service asked",
    again.every((trace) => trace.spans.every(isOf(gateway))),
  );
}

function isOf({ name }) {
  return ({ service }) => service === name;
}

/** Customers who look at pages, the first products more than the last, and at their baskets. */
async function makeTraffic(gateway) {
  const behave = async (customer) => {
    for (let request = 0; request < REQUESTS_EACH; request += 1) {
      const place = (customer * REQUESTS_EACH + request) * 0.618_033_988_75;
      const id = 1 + Math.floor(PRODUCT_COUNT * (place % 1) ** 2);
      await get(`${gateway.url}/app/page/${id}/${LANGUAGES[request % LANGUAGES.length]}`);
      if (request % 5 === 0) await get(`${gateway.url}/app/basket/${id},${1 + (id % PRODUCT_COUNT)}`);
    }
  };
  await Promise.all(Array.from({ length: CUSTOMER_COUNT }, (_, customer) => behave(customer)));
}

async function hitRatios(prometheus, gateway, services) {
  console.log(`\n${CUSTOMER_COUNT} customers, and what Prometheus has of it`);
  await makeTraffic(gateway);
  const endedAt = Date.now() / 1_000;
  // All is asked of one instant: a scrape that fails later makes series end.
  const at = await until("scrapes", async () => {
    const now = Date.now() / 1_000;
    const scrapedAt = await prometheus.query("timestamp(gocachex_cache_misses_total)", now);
    return services.every(({ name }) => scrapedAt.get(name) > endedAt) && now;
  });
  const hits = "sum by (service) (gocachex_cache_hits_total)";
  const misses = "sum by (service) (gocachex_cache_misses_total)";
  const ratios = await prometheus.query(`${hits} / (${hits} + ${misses})`, at);
  for (const { name, url } of services) {
    const stats = await get(`${url}/v1/stats`);
    show(`hit ratio of ${name}`, ratios.get(name).toFixed(3));
    const own = stats.hits / (stats.hits + stats.misses);
    claim("  which is what it says itself", Math.abs(ratios.get(name) - own) < 1e-9);
  }
}

/** Looks at the pages of a product all the time. When the old price was shown for the last time, and the new one for the first. */
function watchPages(gateway, id, newPrice) {
  const seen = { oldAt: Number.NEGATIVE_INFINITY, newAt: Number.POSITIVE_INFINITY, oldAfterNew: 0 };
  let isWatching = true;
  const watch = async (language) => {
    let hasSeenNew = false;
    while (isWatching) {
      const askedAt = performance.now();
      const { price } = await get(`${gateway.url}/app/page/${id}/${language}`);
      if (price === newPrice) {
        seen.newAt = Math.min(seen.newAt, performance.now());
        hasSeenNew = true;
      } else {
        seen.oldAt = Math.max(seen.oldAt, askedAt);
        if (hasSeenNew) seen.oldAfterNew += 1;
      }
      await delay(1);
    }
  };
  const watching = Promise.all(LANGUAGES.map(watch));
  return async () => {
    isWatching = false;
    await watching;
    return seen;
  };
}

async function priceChange(gateway, catalog, pricing) {
  console.log("\nA price changes, while its pages are looked at all the time");
  const stopWatching = watchPages(gateway, 7, 99);
  await delay(200);
  const begunAt = performance.now();
  const body = JSON.stringify({ price: 99 });
  const response = await fetch(`${pricing.url}/app/price/7`, { method: "PUT", body });
  const { coherent } = await response.json();
  const endedAt = performance.now();
  const answers = [
    await get(`${pricing.url}/app/price/7`),
    await get(`${catalog.url}/app/product/7`),
    ...(await Promise.all(LANGUAGES.map((language) => get(`${gateway.url}/app/page/7/${language}`)))),
  ];
  await delay(300);
  const { oldAt, newAt, oldAfterNew } = await stopWatching();
  show(
    "over after ms, and shown to the first customer after ms",
    (endedAt - begunAt).toFixed(1),
    (newAt - begunAt).toFixed(1),
  );
  claim("no process can serve what was made of the old price", coherent);
  claim("and that takes no longer than three times the bound", endedAt - begunAt <= 3 * BOUND_MS + BUSY_MS);
  claim(
    "then every service says the new one",
    answers.every(({ price }) => price === 99),
  );
  claim("nobody who asked after that was shown the old one", oldAt < endedAt);
  claim("nor anybody who had seen the new one", oldAfterNew === 0);
  show("the page", answers.at(-1).text);
}

async function run() {
  const collector = await start(startCollector());
  const settings = {
    REDIS_URL: process.env.REDIS_URL ?? "redis://127.0.0.1:6379",
    MAX_STALENESS_MS: String(MAX_STALENESS_MS),
    OTLP_URL: collector.url,
  };
  const pricing = await start(startService("pricing", settings));
  const catalog = await start(startService("catalog", { ...settings, PRICING_URL: pricing.url }));
  const urls = { PRICING_URL: pricing.url, CATALOG_URL: catalog.url };
  const gateway = await start(startService("gateway", { ...settings, ...urls }));
  const services = [gateway, catalog, pricing];
  const prometheus = await start(startPrometheus(services));
  show("services, and a Prometheus that scrapes them", services.length);

  // Any service may: they share the cache. It is the API that each node has.
  const clear = () =>
    fetch(`${pricing.url}/v1/clear`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  await clear();
  try {
    await oneTrace(collector, gateway, services);
    await hitRatios(prometheus, gateway, services);
    await priceChange(gateway, catalog, pricing);
  } finally {
    await clear();
  }
}

try {
  await run();
} finally {
  await stopAll();
}
