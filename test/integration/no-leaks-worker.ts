import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";

/** What the process is told, as JSON in its first argument. */
export interface LeakTask {
  readonly config: CacheConfig;
  readonly mode: "memory" | "event-loop";
}

/** What it prints, as JSON: of `memory`. */
export interface MemoryReport {
  readonly operationCount: number;
  readonly seconds: number;
  /** Growth of the heap and of buffers outside it, after a garbage collection, from the end of the warm-up. */
  readonly heapGrowthBytes: number;
  readonly bufferGrowthBytes: number;
  /** What still keeps the process alive after `close()`. */
  readonly leftovers: readonly string[];
}

/** What it prints, as JSON: of `event-loop`. */
export interface EventLoopReport {
  readonly answeredCount: number;
  /** 99th percentile of the delay of a timer, in ms: alone, and with all the calls in flight. */
  readonly idleP99Ms: number;
  readonly busyP99Ms: number;
}

const KEY_COUNT = 1_000;
const BATCH_KEYS = 100;
const IN_FLIGHT = 10_000;
const IDLE_MS = 1_000;
const BUSY_MS = 3_000;
const RESOLUTION_MS = 1;
const SETTLE_MS = 5;
/** One for all: to make each would take longer than the call. */
const GIVEN_UP = new Error("given up");

const key = (index: number): string => `key:${index % KEY_COUNT}`;

async function main(): Promise<MemoryReport | EventLoopReport> {
  const task = JSON.parse(process.argv[2] as string) as LeakTask;
  const cache = createCache(task.config);
  const report = task.mode === "memory" ? await measureMemory(cache) : await measureEventLoop(cache);
  await cache.close();
  // Handles are closed at the end of a turn.
  await delay(20);
  const leftovers = process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|FSReqCallback)/.test(name));
  return { ...report, leftovers } as MemoryReport;
}

async function measureMemory(cache: Cache): Promise<Omit<MemoryReport, "leftovers">> {
  await work(cache, 100_000);
  const before = await settledMemory();
  const startedAt = performance.now();
  const operationCount = await work(cache, 1_000_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await settledMemory();
  return {
    operationCount,
    seconds,
    heapGrowthBytes: after.heapUsed - before.heapUsed,
    bufferGrowthBytes: after.arrayBuffers - before.arrayBuffers,
  };
}

/** Single calls, a thousand at a time, and batches: seven keys in ten go through batches. @returns how many operations it did */
async function work(cache: Cache, operationCount: number): Promise<number> {
  let done = 0;
  for (let round = 0; done < operationCount; round += 1) {
    const singles = Array.from({ length: 300 }, (_, index) => single(cache, round * 300 + index));
    const keys = Array.from({ length: BATCH_KEYS }, (_, index) => key(round + index));
    const batches = [
      ...[0, 1, 2, 3].map(() => cache.getMulti(keys)),
      ...[0, 1, 2].map(() => cache.setMulti(keys.map((name) => [name, round] as const))),
    ];
    await Promise.all([...singles, ...batches]);
    done += singles.length + batches.length * BATCH_KEYS;
  }
  return done;
}

function single(cache: Cache, index: number): Promise<unknown> {
  switch (index % 8) {
    case 0:
      return cache.set(key(index), { index, text: "x".repeat(50) }, "10m");
    case 1:
      return cache.increment(`count:${index % 50}`);
    case 2:
      return cache.delete(key(index));
    case 3:
      return cache.getOrSet(key(index), async () => index);
    case 4:
      // Given up at once: what was made for it must go too.
      return cache.get(key(index), { signal: AbortSignal.abort(GIVEN_UP) }).catch(() => undefined);
    default:
      return cache.get(key(index));
  }
}

async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 4; round += 1) {
    await delay(50);
    globalThis.gc?.();
  }
  return process.memoryUsage();
}

async function measureEventLoop(cache: Cache): Promise<EventLoopReport> {
  await cache.setMulti(Array.from({ length: KEY_COUNT }, (_, index) => [key(index), "x".repeat(100)] as const));
  const idleP99Ms = await p99During(() => delay(IDLE_MS));
  let answeredCount = 0;
  let isOver = false;
  const caller = async (index: number): Promise<void> => {
    for (let round = 0; !isOver; round += 1) {
      await cache.get(key(index + round));
      answeredCount += 1;
    }
  };
  const callers = Array.from({ length: IN_FLIGHT }, (_, index) => caller(index));
  // The first round compiles the code.
  await delay(500);
  const busyP99Ms = await p99During(() => delay(BUSY_MS));
  isOver = true;
  await Promise.all(callers);
  return { answeredCount, idleP99Ms, busyP99Ms };
}

async function p99During(run: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // It measures from its first tick on, and what is late now is known at the next.
  histogram.enable();
  await delay(SETTLE_MS);
  await run();
  await delay(SETTLE_MS);
  histogram.disable();
  return histogram.percentile(99) / 1e6 - RESOLUTION_MS;
}

process.stdout.write(JSON.stringify(await main()));
