import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { TierConfig } from "../../src/config/sections/tier-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";

const MINUTE_MS = 60_000;
/** Commands that carry 200 keys: parts of one batch, which leave together, and what proves copies, which may come at any time. */
const FEW = 6;

describe("tiers in front of Redis", () => {
  let server: TestServer;
  let raw: RawRedis;
  const caches: Cache[] = [];

  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
  });
  afterAll(async () => {
    raw.close();
    await server.stop();
  });
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
    await raw.send("FLUSHALL");
  });

  function open(l1: TierConfig = {}, l2: TierConfig = {}): Cache {
    const cache = createCache({
      hierarchical: true,
      l1: { backend: "memory", ...l1 },
      l2: { backend: "redis", redis: { addresses: [`${server.host}:${server.port}`] }, ...l2 },
    });
    caches.push(cache);
    return cache;
  }

  /** How often the server was asked for entries, and to run a script. */
  async function countCommands(
    run: () => Promise<unknown>,
  ): Promise<{ readonly reads: number; readonly scripts: number }> {
    await raw.send("CONFIG", "RESETSTAT");
    await run();
    const stats = String(await raw.send("INFO", "commandstats"));
    const callsOf = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return { reads: callsOf("get") + callsOf("mget"), scripts: callsOf("eval") + callsOf("evalsha") };
  }

  it("keep nothing longer in the last one than its TTL, whatever wrote it, and in front no longer than there", async () => {
    const cache = open({}, { ttl: "1m" });
    await cache.set("set", 1, "1h");
    await cache.setMulti({ batch: 1 });
    await cache.getOrSet("load", () => 1, { ttl: "1h" });
    await cache.increment("count", 1, { ttl: "1h" });
    await cache.transaction(["commit"], (tx) => tx.set("commit", 1, "1h"));
    await cache.set("end", 1, 5_000);
    await cache.expire("end", "1h");
    const fresh = open();
    for (const key of ["set", "batch", "load", "count", "commit", "end"]) {
      for (const reader of [cache, fresh]) {
        const ttl = (await reader.ttl(key)) as number;
        expect(ttl, key).toBeGreaterThan(MINUTE_MS - 10_000);
        expect(ttl, key).toBeLessThanOrEqual(MINUTE_MS + 10);
      }
    }
  });

  it("ask the server once for a batch, whatever its size, and not at all for what is near", async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    const pairs = keys.map((key, index) => [key, index] as const);
    for (const write of ["through", "behind"] as const) {
      const cache = open({}, { write });
      const reader = open();
      await Promise.all([cache.ready(), reader.ready()]);
      // The scripts are loaded, and who is there is known.
      await cache.setMulti({ first: 1, second: 2 });
      await reader.getMulti(["first", "second"]);
      await expect.poll(() => cache.stats().pendingWrites ?? 0, { interval: 5 }).toBe(0);
      const writes = await countCommands(async () => {
        await cache.setMulti(pairs);
        await expect.poll(() => cache.stats().pendingWrites ?? 0, { interval: 5 }).toBe(0);
      });
      expect(writes.scripts, write).toBeLessThanOrEqual(FEW);
      const reads = await countCommands(async () => {
        expect(await reader.getMulti(keys)).toEqual(new Map(pairs));
      });
      expect(reads.reads, write).toBeLessThanOrEqual(FEW);
      const near = await countCommands(async () => {
        expect(await reader.getMulti(keys)).toEqual(new Map(pairs));
        expect(await cache.getMulti(keys)).toEqual(new Map(pairs));
      });
      expect(near.reads, write).toBeLessThanOrEqual(FEW);
      const deletes = await countCommands(async () => {
        await cache.deleteMulti(keys);
        await expect.poll(() => cache.stats().pendingWrites ?? 0, { interval: 5 }).toBe(0);
      });
      expect(deletes.scripts, write).toBeLessThanOrEqual(FEW);
      expect(await reader.get("k0", { after: await cache.set("k0", "x", { ack: "all" }) })).toBe("x");
    }
  });

  it("write behind while the server is away, and bring it all when it is back, last value first", async () => {
    const proxy = await startFaultProxy({ target: server });
    try {
      const cache = open({}, { write: "behind", redis: { addresses: [`127.0.0.1:${proxy.port}`] } });
      await cache.set("k", 0);
      await expect.poll(() => cache.stats().pendingWrites, { interval: 5 }).toBe(0);
      await proxy.goDown();
      for (let round = 1; round <= 20; round += 1) {
        await cache.set("k", round);
        await cache.set(`other${round}`, round);
      }
      await cache.delete("other20");
      expect(await cache.get("k")).toBe(20);
      expect(await cache.get("other20")).toBeUndefined();
      await expect.poll(async () => (await cache.health()).status, { interval: 20, timeout: 5_000 }).not.toBe("up");
      await proxy.comeUp();
      await expect.poll(() => cache.stats().pendingWrites, { interval: 20, timeout: 10_000 }).toBe(0);
      const reader = open();
      expect(await reader.getMulti(["k", "other1", "other19", "other20"])).toEqual(
        new Map([
          ["k", 20],
          ["other1", 1],
          ["other19", 19],
        ]),
      );
    } finally {
      await proxy.stop();
    }
  });

  it("write what waits before they are closed, and tell what they cannot", async () => {
    const proxy = await startFaultProxy({ target: server });
    try {
      const cache = open({}, { write: "behind" });
      await cache.setMulti({ a: 1, b: 2 });
      await cache.close();
      expect(await open().getMulti(["a", "b"])).toEqual(new Map(Object.entries({ a: 1, b: 2 })));
      const cut = createCache({
        tiers: [
          { backend: "memory" },
          { backend: "redis", write: "behind", redis: { addresses: [`127.0.0.1:${proxy.port}`] } },
        ],
        deadlines: { close: 500 },
      });
      const lost: unknown[] = [];
      cut.on("unwritten", ({ reason, setCount, deleteCount }) => lost.push({ reason, setCount, deleteCount }));
      await cut.ready();
      await proxy.goDown();
      await cut.setMulti({ c: 1, d: 2 });
      await cut.delete("a");
      await cut.close();
      expect(lost).toEqual([{ reason: "closed", setCount: 2, deleteCount: 1 }]);
    } finally {
      await proxy.stop();
    }
  });

  it("count right what is written behind and counted through", async () => {
    const cache = open({}, { write: "behind" });
    for (let round = 0; round < 20; round += 1) {
      await cache.set("n", round);
      expect(await cache.increment("n", 5)).toBe(round + 5);
    }
    await cache.set("n", 1);
    expect(await cache.update<number>("n", (n = 0) => n + 1)).toBe(2);
  });

  it("leave to reads what is written around the first one", async () => {
    const cache = open({ write: "around" });
    await cache.set("k", 1);
    expect(cache.peek("k")).toBeUndefined();
    expect(await cache.get("k")).toBe(1);
    expect(cache.peek("k")).toBe(1);
    await cache.set("k", 2);
    expect(cache.peek("k")).toBeUndefined();
    expect(await cache.get("k")).toBe(2);
    await cache.getOrSet("loaded", () => 3);
    expect(cache.peek("loaded")).toBe(3);
  });
});
