import assert from "node:assert/strict";
import { quantile, readCpuMs, watchCpu } from "../measure.mjs";
import { withServers } from "./remote-servers.mjs";
import { makeRemoteWorkload } from "./remote-workload.mjs";
import { openHost } from "./store-client.mjs";

const NODE_COUNT = 8;
const BATCH_KEY_COUNT = 1_000;
const FILL_COUNT = 256;
const ROUND_SPLIT = 3;
const WARM_UP_COUNT = 60;
/** Enough of both kinds of call to time one by one. */
const CALLS_PER_ROUND = 8;
const TTL_MS = 60_000_000;
/** What the sharded call may take, over the slowest node's own time in it. */
const TARGET_RATIO = 1.3;

/**
 * A batch of 1,000 keys over eight servers: the whole call, the slowest node's own time within the very same call, all nodes' calls made by hand
 * without the sharded store, and the slowest node when it is asked alone.
 *
 * @param {{ subject: string, roundCount?: number, isQuick?: boolean }} job the subject names the kind of servers
 */
export function runSharding({ subject, roundCount = 9 }) {
  const isRedis = subject.endsWith("redis");
  return withServers(isRedis ? "redis" : "memcached", NODE_COUNT, async (servers) => {
    const { engine, host } = await openHost("sharding");
    /** @type {number[]} */
    const ownMs = [];
    const nodes = servers.map(({ host: name, port }) => {
      const address = `${name}:${port}`;
      const backend = isRedis ? openRedisNode(engine, host, address) : openMemcachedNode(engine, host, address);
      return { name: address, backend: timed(backend, ownMs) };
    });
    const store = engine["createShardedBackend"]({ nodes }, host);
    await store.connect({});
    const { stored, values } = makeRemoteWorkload("100 B", { prefix: "s", isText: false });
    await fill(store, stored, values);
    const keys = stored.slice(0, BATCH_KEY_COUNT);
    const parts = nodes.map(({ name, backend }) => ({
      backend: backend.inner,
      keys: keys.filter((key) => store.nodeOf(key) === name),
    }));
    const result = await measureBatches({
      store,
      keys,
      parts,
      ownMs,
      callCount: roundCount * ROUND_SPLIT * CALLS_PER_ROUND,
    });
    await store.close();
    return { nodeCount: NODE_COUNT, batchKeyCount: BATCH_KEY_COUNT, ...result };
  });
}

/**
 * @param {{ store: any, keys: readonly string[], parts: readonly { backend: any, keys: readonly string[] }[], ownMs: number[], callCount: number }} about
 */
async function measureBatches({ store, keys, parts, ownMs, callCount }) {
  const reads = { isValueEnough: true };
  const askSharded = () => store.getMulti(keys, reads);
  const askByHand = () => Promise.all(parts.map((part) => part.backend.getMulti(part.keys, reads)));
  const askAlone = async () => {
    let slowestMs = 0;
    for (const part of parts) {
      const startedAt = performance.now();
      await part.backend.getMulti(part.keys, reads);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
    return slowestMs;
  };
  for (let turn = 0; turn < WARM_UP_COUNT; turn += 1) {
    const answers = await askSharded();
    assert.ok(answers.every((/** @type {any} */ entry) => entry !== undefined));
    await askByHand();
    await askAlone();
  }
  const whole = [];
  const slowest = [];
  const ratios = [];
  const byHand = [];
  const alone = [];
  const overHand = [];
  let shardedCpuMs = 0;
  let handCpuMs = 0;
  const cpuRatio = watchCpu();
  for (let call = 0; call < callCount; call += 1) {
    ownMs.length = 0;
    let cpuMs = readCpuMs();
    let startedAt = performance.now();
    await askSharded();
    const wholeMs = performance.now() - startedAt;
    shardedCpuMs += readCpuMs() - cpuMs;
    const slowestMs = Math.max(...ownMs);
    cpuMs = readCpuMs();
    startedAt = performance.now();
    await askByHand();
    const handMs = performance.now() - startedAt;
    handCpuMs += readCpuMs() - cpuMs;
    whole.push(wholeMs);
    slowest.push(slowestMs);
    ratios.push(wholeMs / slowestMs);
    byHand.push(handMs);
    overHand.push(wholeMs / handMs);
    alone.push(await askAlone());
  }
  const ratio = quantile(ratios);
  return {
    shardedMs: quantile(whole),
    slowestNodeMs: quantile(slowest),
    ratio,
    targetRatio: TARGET_RATIO,
    isMet: ratio <= TARGET_RATIO,
    byHandMs: quantile(byHand),
    ratioToHand: quantile(overHand),
    cpuRatioToHand: shardedCpuMs / handCpuMs,
    slowestAloneMs: quantile(alone),
    cpuRatio: cpuRatio(),
  };
}

/**
 * @param {any} engine
 * @param {any} host
 * @param {string} address
 */
function openRedisNode(engine, host, address) {
  const settings = {
    ...{ name: "redis", topology: { kind: "standalone", address }, db: 0, tls: undefined, mode: "coherent" },
    ...{ credentials: { username: undefined, password: undefined }, poolSize: 10, dialTimeoutMs: 5_000 },
    ...{ readTimeoutMs: 3_000, writeTimeoutMs: 3_000, poolTimeoutMs: 4_000, idleTimeoutMs: 300_000 },
    ...{ idleCheckMs: 60_000, maxRetries: 3, retryBackoff: { minMs: 8, maxMs: 512 } },
  };
  return engine["createRedisBackend"](settings, host);
}

/**
 * @param {any} engine
 * @param {any} host
 * @param {string} address
 */
function openMemcachedNode(engine, host, address) {
  const settings = {
    ...{ name: "memcached", address, timeoutMs: 3_000, maxIdleConnections: 2, mode: "coherent" },
    ...{ credentials: undefined, tls: undefined },
  };
  return engine["createMemcachedBackend"](settings, host);
}

/**
 * A store that notes how long its `getMulti` takes.
 *
 * @param {any} inner
 * @param {number[]} ownMs
 */
function timed(inner, ownMs) {
  const getMulti = async (/** @type {any} */ keys, /** @type {any} */ context) => {
    const startedAt = performance.now();
    const entries = await inner.getMulti(keys, context);
    ownMs.push(performance.now() - startedAt);
    return entries;
  };
  // Not a copy: what the store computes, such as its epoch, must stay its own.
  return Object.create(inner, { getMulti: { value: getMulti }, inner: { value: inner } });
}

/**
 * @param {any} store
 * @param {readonly string[]} keys
 * @param {readonly (Buffer | string)[]} values
 */
async function fill(store, keys, values) {
  for (let from = 0; from < keys.length; from += FILL_COUNT) {
    const items = keys
      .slice(from, from + FILL_COUNT)
      .map((key, index) => [key, { value: values[(from + index) % values.length], ttlMs: TTL_MS, tags: [] }]);
    await store.setMulti(items, {});
  }
}
