import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { watchCpu } from "../measure.mjs";
import { openMemcachedClients } from "./memcached-clients.mjs";
import { openRedisClients } from "./redis-clients.mjs";
import { withServers } from "./remote-servers.mjs";
import { makeRemoteWorkload } from "./remote-workload.mjs";

const OPERATION_COUNT = 1_000_000;
const WARM_UP_OPERATION_COUNT = 100_000;
const SOAK_CONCURRENCY = 256;
const CROWD_CONCURRENCY = 10_000;
const CROWD_WARM_UP_MS = 1_000;
const CROWD_MS = 3_000;
/** A quarter of the operations write. */
const READ_MASK = 3;
/** How often the delay of the event loop is looked at; it is in every delay that is told. */
const DELAY_RESOLUTION_MS = 1;

/**
 * What a client leaves behind after many operations, and what it does to the event loop when very many are in flight.
 *
 * @param {{ subject: string, isQuick?: boolean }} job the subject: `redis: <client>` or `memcached: <client>`
 */
export function runRemoteSoak({ subject, isQuick = false }) {
  const [kind, id = ""] = subject.split(": ");
  const isRedis = kind === "redis";
  return withServers(isRedis ? "redis" : "memcached", 1, async ([server]) => {
    if (server === undefined) throw new Error("No server.");
    const [client] = isRedis ? await openRedisClients(server, [id]) : await openMemcachedClients(server, [id]);
    if (client === undefined) throw new Error(`No client ${id}.`);
    const workload = makeRemoteWorkload("100 B", { prefix: "soak", isText: client.isText === true });
    const run = compileMix(client);
    const runCount = (/** @type {number} */ count, /** @type {number} */ readMask) =>
      run(client.use, workload, { endAt: count, isOver: false }, SOAK_CONCURRENCY, readMask);
    await runCount(workload.stored.length, 0);
    await runCount(WARM_UP_OPERATION_COUNT, READ_MASK);
    const before = await settledMemory();
    const operationCount = isQuick ? WARM_UP_OPERATION_COUNT : OPERATION_COUNT;
    await runCount(operationCount, READ_MASK);
    const after = await settledMemory();
    const crowd = await watchCrowd((until) => run(client.use, workload, until, CROWD_CONCURRENCY, READ_MASK));
    await client.close();
    return {
      operationCount,
      heapGrowthBytes: after.heapBytes - before.heapBytes,
      externalGrowthBytes: after.externalBytes - before.externalBytes,
      crowdConcurrency: CROWD_CONCURRENCY,
      ...crowd,
    };
  });
}

/**
 * @param {import("./compare-clients.mjs").Client} client
 * @returns {(use: object, workload: object, until: Until, concurrency: number, readMask: number) => Promise<void>} every operation
 *   whose number has a bit of `readMask` reads
 */
function compileMix({ use, get, set }) {
  return new Function(
    `"use strict"; return async function run({ ${Object.keys(use).join(", ")} }, { stored, values }, until, concurrency, readMask) {
      let next = 0;
      async function caller() {
        while (next < until.endAt && !until.isOver) {
          const i = next++, k = stored[i % stored.length];
          if ((i & readMask) === 0) { const v = values[i % values.length]; await ${set}; }
          else { const a = await ${get}; if (a == null) throw new Error("missed"); }
        }
      }
      const callers = [];
      for (let index = 0; index < concurrency; index++) callers.push(caller());
      await Promise.all(callers);
    };`,
  )();
}

/** @typedef {{ endAt: number, isOver: boolean }} Until after how many operations callers stop, or that they shall now */

/** @param {(until: Until) => Promise<void>} run */
async function watchCrowd(run) {
  const until = { endAt: Number.POSITIVE_INFINITY, isOver: false };
  const running = run(until);
  await sleep(CROWD_WARM_UP_MS);
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const cpuRatio = watchCpu();
  await sleep(CROWD_MS);
  delay.disable();
  const cpuRatioAtEnd = cpuRatio();
  until.isOver = true;
  await running;
  return {
    loopDelayP50Ms: delay.percentile(50) / 1e6,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
    loopDelayMaxMs: delay.max / 1e6,
    cpuRatio: cpuRatioAtEnd,
  };
}

/** After collections with turns of the event loop between them: some memory is only given back in a later turn. */
async function settledMemory() {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  // `external` includes the array buffers.
  const { heapUsed, external } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external };
}
