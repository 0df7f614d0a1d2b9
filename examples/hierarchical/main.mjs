/**
 * Memory in front of a shared Redis, in several processes: how fast copies are, how soon a write elsewhere is seen, and what a process does that can no longer know. Run it
 * after a build, with a Redis or Valkey at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 node examples/hierarchical/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end.
 */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createCache } from "gocachex";
import { openSilentWay } from "./silent-way.mjs";

const url = new URL(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");
const way = await openSilentWay(url);

/** The longest that anybody may serve what another has changed. */
const MAX_STALENESS_MS = 500;

/** Each of these is what a process of its own would have. `address`: how it gets to the server. */
function openCache(address) {
  return createCache({
    namespace: "example",
    tiers: [
      { backend: "memory", size: "50MB", ttl: "10m" },
      { backend: "redis", ttl: "1h", redis: { addresses: [address], ...credentials() } },
    ],
    consistency: { maxStaleness: MAX_STALENESS_MS },
    deadlines: { read: 200, write: 200 },
  });
}

function credentials() {
  const given = {};
  if (url.username) given.username = decodeURIComponent(url.username);
  if (url.password) given.password = decodeURIComponent(url.password);
  return given;
}

const direct = `${url.hostname}:${url.port || 6379}`;
const [here, there, behindRouter] = [openCache(direct), openCache(direct), openCache(way.address)];

function show(label, ...results) {
  console.log(`  ${label.padEnd(58)}`, ...results);
}

async function millisecondsUntil(isDone) {
  const startedAt = performance.now();
  while (!(await isDone())) await delay(1);
  return Math.round(performance.now() - startedAt);
}

async function nearAndFar() {
  console.log("\nThe first read of a process asks the store, the next ones do not");
  await here.set("user:7", { name: "Ada", since: new Date(0) }, { ttl: "1m", tags: ["users"] });
  show("first read there comes from", (await there.getEntry("user:7")).tier);
  show("the next from", (await there.getEntry("user:7")).tier);
  show("the same value in every tier", (await there.get("user:7")).since instanceof Date);
  const startedAt = performance.now();
  for (let count = 0; count < 100_000; count += 1) await there.get("user:7");
  show("microseconds for each of 100,000 reads", ((performance.now() - startedAt) / 100).toFixed(2));
}

async function changesElsewhere() {
  console.log("\nWhat one process changes, the others see");
  await here.set("price", 10);
  await there.get("price");
  await here.set("price", 11);
  show("milliseconds until it is seen there", await millisecondsUntil(async () => (await there.get("price")) === 11));
  await here.invalidateTags(["users"]);
  show("and an invalidated tag", await millisecondsUntil(async () => (await there.get("user:7")) === undefined));
}

async function certainty() {
  console.log("\nWho has to be certain, is");
  const receipt = await here.set("price", 12);
  show("a reader that has the receipt reads nothing older", await there.get("price", { after: receipt }));
  const { coherent } = await here.set("price", 13, { ack: "all" });
  show('with ack "all" nobody serves the old value: coherent', coherent);
  show("there, in the same step", there.peek("price") ?? "(no copy)");
}

async function silentRouter() {
  console.log(`\nA process that hears nothing serves its copies for ${MAX_STALENESS_MS} ms at most`);
  await behindRouter.set("price", 14);
  // After a pause the first reads go to the store, until it has said once that nothing has changed.
  await millisecondsUntil(async () => (await behindRouter.get("price")) === 14 && behindRouter.peek("price") === 14);
  way.fallSilent();
  show("at once it still says", behindRouter.peek("price"));
  await here.set("price", 99);
  show("and within the bound it may, after a write elsewhere", behindRouter.peek("price") ?? "(no copy)");
  const servedMs = await millisecondsUntil(() => behindRouter.peek("price") === undefined);
  show("it stops within the bound and a hundredth", servedMs <= MAX_STALENESS_MS * 1.01 + 10 + 250);
  show("getOrSet answers from its loader", await behindRouter.getOrSet("price", () => "from the source"));
  const { status, checks } = await behindRouter.health();
  show("its health", status, checks.map(({ name, status: each }) => `${name} ${each}`).join(", "));
}

try {
  await Promise.all([here, there, behindRouter].map((cache) => cache.ready()));
  await nearAndFar();
  await changesElsewhere();
  await certainty();
  await silentRouter();
  console.log("\nWhat an operator sees there:");
  const { tiers, coherence } = there.stats();
  for (const { name, keyCount, connections } of tiers) show(`tier ${name}: keys, connections`, keyCount, connections);
  show("probes, of which failed", coherence.probes, coherence.probeFailures);
  show("messages, gaps, other nodes", coherence.messagesReceived, coherence.gaps, coherence.peers.length);
  await here.clear();
} finally {
  way.close();
  await Promise.all([here.close(), there.close(), behindRouter.close()]);
}
