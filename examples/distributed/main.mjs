/**
 * Three processes with copies in memory of what one Redis holds, that tell each other of changes over gRPC. One is killed, one is cut off; what is promised holds. Run it after
 * a build, with a Redis or Valkey at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 node examples/distributed/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end.
 */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { openFleet } from "./fleet.mjs";
import { now } from "./now.mjs";

/** The longest that anybody may serve what another has changed: D. */
const MAX_STALENESS_MS = 1_000;
/** D + e: a hundredth, and 10 ms, for clocks that differ and for timers' grains. */
const BOUND_MS = MAX_STALENESS_MS * 1.01 + 10;
/** What a busy machine may add to a time that is waited for; nothing to one that is promised. */
const BUSY_MS = 500;

const fleet = await openFleet({
  names: ["ada", "bob", "eve"],
  redisUrl: process.env.REDIS_URL ?? "redis://127.0.0.1:6379",
  maxStalenessMs: MAX_STALENESS_MS,
});
const { ada, bob } = fleet.nodes;
let { eve } = fleet.nodes;

function show(label, ...results) {
  console.log(`  ${label.padEnd(62)}`, ...results);
}

async function until(isDone) {
  while (!(await isDone())) await delay(20);
  return true;
}

/** The other nodes that this one has a link to, by address. */
async function linksOf(node) {
  const { coherence } = await node.ask("stats");
  const linked = coherence.peers.filter(({ transport, state }) => transport === "grpc" && state === "connected");
  return new Map(linked.map(({ address, id }) => [address, id]));
}

const allLinked = () =>
  until(async () => (await Promise.all([ada, bob, eve].map(linksOf))).every(({ size }) => size === 2));

/** A write that is over when nobody can serve what was there before. */
async function writeToAll(value) {
  const { result, begunAt, endedAt } = await ada.ask("timed", "set", "price", value, { ack: "all" });
  const ms = endedAt - begunAt;
  return { coherent: result.coherent, isInTime: ms <= BOUND_MS + BUSY_MS, isQuick: ms < MAX_STALENESS_MS / 4, endedAt };
}

/** After an absence or a start nobody is waited for in vain for longer than the bound. */
const untilQuick = (value) => until(async () => (await writeToAll(value)).isQuick);

function showHealth(label, { status, checks }) {
  show(label, `${status} (${checks.map((check) => `${check.name} ${check.status}`).join(", ")})`);
}

async function seenElsewhere() {
  console.log("\nWhat one process writes, the others see");
  const count = 200;
  const [begunAt, ...sights] = await Promise.all([
    ada.ask("writeNumbers", "stock", count),
    bob.ask("watchNumbers", "stock", count),
    eve.ask("watchNumbers", "stock", count),
  ]);
  const delaysMs = begunAt
    .map((at, place) => Math.max(...sights.map((seenAt) => seenAt[place])) - at)
    .sort((a, b) => a - b);
  const at = (ratio) => delaysMs[Math.floor(count * ratio)].toFixed(1);
  show("200 writes, each seen by both others after ms: median, p99", at(0.5), at(0.99));
}

async function acknowledged() {
  console.log('\nWith ack "all" a write is over when no process can serve the old value');
  await untilQuick(9);
  const { coherent, isInTime } = await writeToAll(10);
  show("coherent, within the bound", coherent, isInTime);
  show("the others read", await bob.ask("get", "price"), await eve.ask("get", "price"));
}

async function killed() {
  console.log("\nOne is killed, without a word to anybody");
  const address = fleet.addressOf("eve");
  const idBefore = (await linksOf(ada)).get(address);
  await eve.kill();
  const { coherent, isInTime } = await writeToAll(11);
  show("a write waits for the end of its lease: coherent, in time", coherent, isInTime);
  show("then nobody waits for it", await untilQuick(12));
  showHealth("health of the others", await ada.ask("health"));

  eve = await fleet.start("eve");
  await allLinked();
  show("it comes back, as another node", (await linksOf(ada)).get(address) !== idBefore);
  await eve.ask("get", "price");
  show("and is waited for again: coherent, it reads", (await writeToAll(13)).coherent, await eve.ask("get", "price"));
}

async function cutOff() {
  console.log("\nOne is cut off, from Redis and from the others, and nothing is closed");
  await until(async () => (await eve.ask("get", "price")) === 13 && (await eve.ask("peek", "price")) === 13);
  fleet.cutOff("eve");
  const cutAt = now();
  const serving = eve.ask("lastServedAt", "price", 3 * MAX_STALENESS_MS);
  const writing = writeToAll(99);
  show("it may still say", await eve.ask("peek", "price"));
  const servedAt = await serving;
  show("it served that for no longer than the bound", servedAt - cutAt <= BOUND_MS);
  const { coherent, isInTime, endedAt } = await writing;
  show("a write elsewhere is certain: coherent, within the bound", coherent, isInTime);
  show("and by then the old value was served no more", servedAt < endedAt);
  show("the others read", await ada.ask("get", "price"), await bob.ask("get", "price"));
  show("there, getOrSet answers from its loader", await eve.ask("load", "price", "from the source"));
  showHealth("its health", await eve.ask("health"));
  await until(async () => (await linksOf(ada)).size === 1);
  showHealth("health of the others", await ada.ask("health"));

  fleet.joinAgain("eve");
  await until(async () => (await eve.ask("get", "price").catch(() => undefined)) !== undefined);
  show("when it is back it reads", await eve.ask("get", "price"));
  await allLinked();
  show('all are linked again, and ack "all" is quick', await untilQuick(100));
  show("everybody reads", ...(await Promise.all([ada, bob, eve].map((node) => node.ask("get", "price")))));
}

async function operatorsView() {
  console.log("\nWhat an operator sees at the one that was cut off");
  const { coherence } = await eve.ask("stats");
  show("copies can be proven current", coherence.isProvable);
  show("probes, and how many were not answered", coherence.probes, coherence.probeFailures);
  show("messages received, and times that some may have been missed", coherence.messagesReceived, coherence.gaps);
  const peers = coherence.peers.map(({ transport, state }) => `${transport} ${state}`);
  show("other nodes, by each way", peers.sort().join(", "));
}

try {
  await ada.ask("clear");
  await allLinked();
  show(`${Object.keys(fleet.nodes).length} processes, each linked with the others`, true);
  await seenElsewhere();
  await acknowledged();
  await killed();
  await cutOff();
  await operatorsView();
  await ada.ask("clear");
} finally {
  await fleet.close();
}
