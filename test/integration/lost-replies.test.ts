import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { BackendError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

/** Printed by every failure, so that it can be repeated. */
const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
const CALL_COUNT = 10_000;
/** Several, for a store that counts by comparing does one at a time for each. */
const COUNTERS: readonly string[] = Array.from({ length: 50 }, (_, index) => `counter ${index}`);
const MAX_WAVES = 10;
const REPEAT_PAUSE_MS = 5;
const deadlines = { connect: "5s", read: "5s", write: "5s" } as const;

interface CountingStore {
  readonly name: string;
  readonly start: () => Promise<TestServer>;
  /** One reset at so many chunks on average. Redis has thousands of requests in a few dozen chunks; Memcached counts in many steps. */
  readonly chunksPerReset: number;
  config(address: string): CacheConfig;
}

const stores: readonly CountingStore[] = [
  {
    name: "redis",
    start: startRedis,
    chunksPerReset: 6,
    config: (address) => ({
      backend: "redis",
      deadlines,
      redis: { addresses: [address], minRetryBackoff: 1, maxRetryBackoff: 10 },
    }),
  },
  {
    name: "memcached",
    start: startMemcached,
    chunksPerReset: 25,
    config: (address) => ({ backend: "memcached", deadlines, memcached: { servers: [address], timeout: "3s" } }),
  },
];

describe.each(stores)("counters in $name over a connection that is reset at random", (store) => {
  let server: TestServer;
  let proxy: FaultProxy;
  let cache: Cache;
  let healthy: Cache;

  beforeAll(async () => {
    server = await store.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server, seed });
    cache = createCache(store.config(`127.0.0.1:${proxy.port}`));
    healthy = createCache(store.config(`127.0.0.1:${server.port}`));
    await cache.ready();
  });
  afterEach(async () => {
    await Promise.all([cache.close(), healthy.close()]);
    await proxy.stop();
  });

  it("are never above acknowledged and unknown together, and never below acknowledged", async () => {
    proxy.set({ chunksPerReset: store.chunksPerReset });
    const calls: PromiseSettledResult<number>[] = [];
    let all = countOutcomes(calls);
    // One wave may be unlucky: all lost before they were sent, or none.
    for (let wave = 0; wave < MAX_WAVES && (all.acknowledged === 0 || all.unknown === 0); wave += 1) {
      // Connected again: while nobody is there, calls fail at once and are not sent.
      await waitUntil("the cache to be connected", 10_000, async () => {
        await cache.get("probe");
        return true;
      });
      calls.push(...(await Promise.allSettled(counted((key) => cache.increment(key)))));
      all = countOutcomes(calls);
    }
    proxy.heal();
    const seen = `seed ${seed}: ${JSON.stringify(all)}, ${proxy.resetCount()} resets`;
    expect(proxy.resetCount(), seen).toBeGreaterThan(0);
    expect(all.acknowledged, seen).toBeGreaterThan(0);
    expect(all.unknown, seen).toBeGreaterThan(0);
    for (const [counter, key] of COUNTERS.entries()) {
      const own = calls.filter((_, index) => index % COUNTERS.length === counter);
      const { acknowledged, unknown, unsent } = countOutcomes(own);
      const total = (await healthy.get<number>(key)) ?? 0;
      expect(acknowledged + unknown + unsent, seen).toBe(own.length);
      expect(total, `${key}, ${seen}`).toBeGreaterThanOrEqual(acknowledged);
      expect(total, `${key}, ${seen}`).toBeLessThanOrEqual(acknowledged + unknown);
      expect(new Set(values(own)).size, `${key}, ${seen}: two calls were told the same number`).toBe(acknowledged);
    }
  });

  it("are exact when each call has an opId and is repeated until it is acknowledged", async () => {
    // Seldom enough that a repetition comes through.
    proxy.set({ chunksPerReset: 4 * store.chunksPerReset });
    let repetitions = 0;
    const countSurely = async (key: string, index: number): Promise<number> => {
      for (;;) {
        try {
          return await cache.increment(`exact ${key}`, 1, { opId: `op ${index}` });
        } catch (error) {
          if (!(error instanceof BackendError)) throw error;
          repetitions += 1;
          // While nobody is there it fails at once, and without a pause nobody could come.
          await delay(REPEAT_PAUSE_MS);
        }
      }
    };
    const results: number[] = [];
    for (let wave = 0; wave < MAX_WAVES && proxy.resetCount() === 0; wave += 1) {
      results.push(...(await Promise.all(counted((key, index) => countSurely(key, wave * CALL_COUNT + index)))));
    }
    proxy.heal();
    const seen = `seed ${seed}: ${repetitions} repetitions, ${proxy.resetCount()} resets`;
    expect(proxy.resetCount(), seen).toBeGreaterThan(0);
    for (const [counter, key] of COUNTERS.entries()) {
      const own = results.filter((_, index) => index % COUNTERS.length === counter);
      expect(await healthy.get(`exact ${key}`), `${key}, ${seen}`).toBe(own.length);
      expect(new Set(own).size, `${key}, ${seen}`).toBe(own.length);
      expect(Math.max(...own), `${key}, ${seen}`).toBe(own.length);
    }
  });
});

/** Starts all calls at once, spread over the counters. */
function counted(call: (key: string, index: number) => Promise<number>): Promise<number>[] {
  return Array.from({ length: CALL_COUNT }, (_, index) => call(COUNTERS[index % COUNTERS.length] as string, index));
}

interface OutcomeCounts {
  readonly acknowledged: number;
  readonly unknown: number;
  /** Failed without having been sent. */
  readonly unsent: number;
}

/** @throws what is no error of a store */
function countOutcomes(calls: readonly PromiseSettledResult<number>[]): OutcomeCounts {
  const errors = calls.flatMap((call) => (call.status === "rejected" ? [call.reason as unknown] : []));
  const surprise = errors.find((error) => !(error instanceof BackendError));
  if (surprise !== undefined) throw surprise;
  const unknown = errors.filter((error) => error instanceof OutcomeUnknownError).length;
  return { acknowledged: calls.length - errors.length, unknown, unsent: errors.length - unknown };
}

function values(calls: readonly PromiseSettledResult<number>[]): number[] {
  return calls.flatMap((call) => (call.status === "fulfilled" ? [call.value] : []));
}
