// What nodes that tell each other of changes over gRPC do: how many keys a second one node tells four others, how long it takes until all have answered that a write is
// seen nowhere any more, and what a peer costs that has nothing to say. Every node is a process; all share this machine's processors.
//
// BENCH_SECONDS   about how long each measurement runs; default 5
// BENCH_PEERS     how many nodes are told; default 4
// BENCH_IDLE      how many idle peers one node has; default 50
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile } from "../measure.mjs";

const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const peerCount = Number(process.env.BENCH_PEERS ?? 4);
const idleCount = Number(process.env.BENCH_IDLE ?? 50);
const ROUND_KEY_COUNT = 20_000;
/** Writes that are looked at together. */
const WINDOW_WRITE_COUNT = 200;
/** As elsewhere in these benchmarks, "calm" is the quietest tenth: what the others on this machine left of it least disturbed. */
const CALM_RATIO = 0.1;
/** Keys that are told in one turn of the event loop, as a busy server's. */
const TURN_KEY_COUNT = 100;
/** Fewer than the bounds of a queue: what is measured must not collapse. */
const MAX_QUEUED_COUNT = 20_000;
const WRITES_PER_SECOND = 1_000;
const SETTLE_MS = 1_000;

const bundle = pathToFileURL(
  await bundleSources({ grpcTransport: "src/transports/grpc/grpc-transport.ts" }, "mesh"),
).href;
const { grpcTransport } = await import(bundle);

/** @typedef {{ process: import("node:child_process").ChildProcess, address: string, id: string, next: (kind: string) => Promise<any> }} Child */

/**
 * @param {object} [options] of its transport
 * @returns {Promise<Child>}
 */
async function startNode(options = {}) {
  const script = fileURLToPath(new URL("./mesh-node.mjs", import.meta.url));
  const child = fork(script, [bundle, JSON.stringify(options)], { execArgv: ["--expose-gc"] });
  /** @type {Map<string, (message: any) => void>} */
  const waits = new Map();
  child.on("message", (/** @type {any} */ message) => {
    if (message.kind === "collapsed") throw new Error("A queue collapsed; its time says nothing.");
    waits.get(message.kind)?.(message);
    waits.delete(message.kind);
  });
  const next = (/** @type {string} */ kind) => new Promise((resolve) => waits.set(kind, resolve));
  const { address, id } = /** @type {any} */ (await next("open"));
  return { process: child, address, id, next };
}

/** @param {Child} child @param {object} message @param {string} kind of the answer */
function ask(child, message, kind) {
  const answer = child.next(kind);
  child.process.send(message);
  return answer;
}

/** @param {readonly Child[]} children */
async function stop(children) {
  await Promise.all(
    children.map((child) => {
      const isOver = new Promise((resolve) => child.process.once("exit", resolve));
      child.process.send({ kind: "close" });
      return isOver;
    }),
  );
}

/** A node in this process that is linked to these. @param {readonly Child[]} children */
async function openWriter(children) {
  /** @type {Map<number, { missing: number, sentAtMs: number }>} */
  const writes = new Map();
  /** @type {number[]} */
  const timesMs = [];
  const transport = grpcTransport({ port: 0, peers: children.map(({ address }) => address) });
  await transport.open({
    onMessage(/** @type {any} */ message) {
      const write = message.kind === "ack" ? writes.get(message.id) : undefined;
      if (write === undefined) return;
      write.missing -= 1;
      if (write.missing > 0) return;
      writes.delete(message.id);
      timesMs.push(performance.now() - write.sentAtMs);
    },
    onGap() {},
  });
  const isLinked = () => transport.peers().filter((/** @type {any} */ peer) => peer.state === "connected").length;
  while (isLinked() < children.length) await sleep(10);
  return { transport, writes, timesMs };
}

/** @param {any} transport */
const mostQueued = (transport) =>
  Math.max(...transport.peers().map((/** @type {any} */ { queuedCount }) => queuedCount));

/** @param {readonly Child[]} children @param {any} transport */
async function throughputRound(children, transport) {
  await Promise.all(children.map((child) => ask(child, { kind: "expect", count: ROUND_KEY_COUNT }, "ready")));
  const all = Promise.all(children.map((child) => child.next("heard")));
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  for (let index = 0; index < ROUND_KEY_COUNT; index += 1) {
    const version = 1_700_000_000_000_000 + index;
    transport.broadcast({ kind: "change", key: `shop:user:${index}:profile`, version, previousHead: version - 1 });
    if (index % TURN_KEY_COUNT === 0) await nextTurn();
    while (mostQueued(transport) > MAX_QUEUED_COUNT) await nextTurn();
  }
  await all;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    keysPerSecond: ROUND_KEY_COUNT / ((performance.now() - startMs) / 1_000),
    writerCpuMs: (user + system) / 1_000,
  };
}

/** @param {readonly Child[]} children */
async function measureThroughput(children) {
  const { transport } = await openWriter(children);
  await throughputRound(children, transport);
  const rounds = [];
  for (const endMs = performance.now() + seconds * 1_000; performance.now() < endMs; ) {
    rounds.push(await throughputRound(children, transport));
  }
  await transport.close();
  const rates = rounds.map(({ keysPerSecond }) => keysPerSecond);
  const cpuUs = rounds.map(({ writerCpuMs }) => (writerCpuMs / ROUND_KEY_COUNT) * 1_000);
  return {
    roundCount: rounds.length,
    keysPerSecond: Math.round(quantile(rates)),
    quartiles: [quantile(rates, 0.25), quantile(rates, 0.75)].map(Math.round),
    calmKeysPerSecond: Math.round(quantile(rates, 1 - CALM_RATIO)),
    writerCpuUsPerKey: Number(quantile(cpuUs).toFixed(2)),
  };
}

/** Writes come at even times; each asks every node, as a write does that is acknowledged by all. @param {readonly Child[]} children */
async function measureInvisible(children) {
  const { transport, writes, timesMs } = await openWriter(children);
  let id = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1_000) {
    const dueCount = Math.floor(((performance.now() - startMs) / 1_000) * WRITES_PER_SECOND);
    for (; id < dueCount; id += 1) {
      writes.set(id, { missing: children.length, sentAtMs: performance.now() });
      const ask = { kind: "ack-ask", id, key: `shop:user:${id}`, version: 1_700_000_000_000_000 + id };
      for (const child of children) transport.send(child.id, ask);
    }
    await sleep(1);
  }
  while (writes.size > 0) await sleep(5);
  await transport.close();
  const measured = timesMs.slice(WRITES_PER_SECOND / 2);
  return { writeCount: measured.length, all: delays(measured), calm: delays(calmest(measured)) };
}

/** @param {readonly number[]} timesMs */
function delays(timesMs) {
  return Object.fromEntries(
    [0.5, 0.9, 0.99].map((ratio) => [`p${ratio * 100}Ms`, Number(quantile(timesMs, ratio).toFixed(2))]),
  );
}

/** The times of the quietest windows. @param {readonly number[]} timesMs */
function calmest(timesMs) {
  const windows = [];
  for (let from = 0; from + WINDOW_WRITE_COUNT <= timesMs.length; from += WINDOW_WRITE_COUNT) {
    windows.push(timesMs.slice(from, from + WINDOW_WRITE_COUNT));
  }
  windows.sort((first, second) => quantile(first) - quantile(second));
  return windows.slice(0, Math.ceil(windows.length * CALM_RATIO)).flat();
}

/** What one node costs with peers that have nothing to say, over what it costs alone. */
async function measureIdle() {
  const node = await startNode();
  await sleep(SETTLE_MS);
  const alone = await idleCost(node);
  const peers = await Promise.all(
    Array.from({ length: idleCount }, () => grpcTransport({ port: 0, peers: [node.address] })),
  );
  await Promise.all(peers.map((peer) => peer.open({ onMessage() {}, onGap() {} })));
  await sleep(SETTLE_MS);
  const crowded = await idleCost(node);
  await Promise.all(peers.map((peer) => peer.close()));
  await stop([node]);
  if (crowded.connectedCount !== idleCount) throw new Error("Not every peer is linked.");
  return {
    idleCount,
    cpuUsPerPeerAndSecond: Math.round(((crowded.cpuMsPerSecond - alone.cpuMsPerSecond) / idleCount) * 1_000),
    heapBytesPerPeer: Math.round((crowded.heap - alone.heap) / idleCount),
    rssBytesPerPeer: Math.round((crowded.rss - alone.rss) / idleCount),
  };
}

/** @param {Child} node */
async function idleCost(node) {
  const before = await ask(node, { kind: "cost" }, "cost");
  await sleep(seconds * 1_000);
  const after = await ask(node, { kind: "cost" }, "cost");
  return { ...after, cpuMsPerSecond: (after.cpuMs - before.cpuMs) / seconds };
}

const children = await Promise.all(Array.from({ length: peerCount }, () => startNode()));
const results = {
  throughput: await measureThroughput(children),
  invisible: await measureInvisible(children),
};
const costs = await Promise.all(children.map((child) => ask(child, { kind: "cost" }, "cost")));
await stop(children);
const idle = await measureIdle();

console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; 1 node tells ${peerCount}, each a process`,
);
console.log("keys told and heard by all:", results.throughput);
console.log(`write to seen nowhere, ${WRITES_PER_SECOND} writes/s:`, results.invisible);
console.log("an idle peer, over none:", idle);
console.log(
  "gaps:",
  costs.map(({ gapCount }) => gapCount).join(" "),
  "(a link that comes up and one that goes are one each)",
);
const folder = new URL("../results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const name = `mesh-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
writeFileSync(
  new URL(name, folder),
  JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, seconds, peerCount, ...results, idle }, null, 2),
);
console.log(`\nwritten to bench/results/${name}`);
