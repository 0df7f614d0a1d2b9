import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedisCluster } from "../../scripts/servers/start-redis-cluster.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { TierConfig } from "../../src/config/sections/tier-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

/** A store of one or several servers, behind proxies. */
interface StoreRig {
  /** As a tier, through the proxies. */
  readonly tier: TierConfig;
  /** Of each server one. */
  readonly proxies: readonly FaultProxy[];
  /** How often something was written so far, on all servers. */
  writeCount(): Promise<number>;
  stop(): Promise<void>;
}

/** `ack: "all"` waits this long at most for processes that cannot be asked. */
const MAX_STALENESS_MS = 250;

async function startMemcachedRig(): Promise<StoreRig> {
  const server = await startMemcached();
  const proxy = await startFaultProxy({ target: server });
  return {
    tier: { backend: "memcached", memcached: { servers: [`127.0.0.1:${proxy.port}`], timeout: "500ms" } },
    proxies: [proxy],
    writeCount: async () => Number(/STAT cmd_set (\d+)/.exec(await askServer(server, "stats\r\n"))?.[1]),
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

async function startClusterRig(): Promise<StoreRig> {
  const proxies: FaultProxy[] = [];
  const cluster = await startRedisCluster({
    replicaCount: 0,
    announcedPort: async (port) => {
      const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
      proxies.push(proxy);
      return proxy.port;
    },
  });
  return {
    tier: { backend: "redis", redis: { addresses: cluster.addresses, cluster: { enabled: true } } },
    proxies,
    writeCount: async () => {
      const infos = await Promise.all(cluster.nodes.map((node) => node.call("INFO", "commandstats")));
      const scripts = infos.flatMap((info) => [...String(info).matchAll(/cmdstat_evalsha:calls=(\d+)/g)]);
      return scripts.reduce((sum, [, calls]) => sum + Number(calls), 0);
    },
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await cluster.stop();
    },
  };
}

describe.each([
  { name: "Memcached", start: startMemcachedRig },
  { name: "a Redis Cluster", start: startClusterRig },
])("what is written behind, over $name", ({ start }) => {
  let rig: StoreRig;
  const caches: Cache[] = [];

  beforeAll(async () => {
    rig = await start();
  });
  afterAll(() => rig.stop());
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
    await open().clear();
    await caches.pop()?.close();
  });

  function open(l2: TierConfig = {}, closeMs = 5_000): Cache {
    const cache = createCache({
      hierarchical: true,
      l1: { backend: "memory" },
      l2: { ...rig.tier, ...l2 },
      consistency: { maxStaleness: MAX_STALENESS_MS },
      deadlines: { close: closeMs },
    });
    caches.push(cache);
    return cache;
  }

  const openBehind = (settings: TierConfig = {}, closeMs?: number): Cache =>
    open({ write: "behind", ...settings }, closeMs);
  const allArrived = (cache: Cache): Promise<void> =>
    expect.poll(() => cache.stats().pendingWrites, { interval: 5, timeout: 5_000 }).toBe(0);
  const goAway = (): Promise<unknown> => Promise.all(rig.proxies.map((proxy) => proxy.goDown()));
  const comeBack = (): Promise<unknown> => Promise.all(rig.proxies.map((proxy) => proxy.comeUp()));

  it("reaches the store once for all values of a key that wait, with the last one", async () => {
    const cache = openBehind();
    await cache.set("hot", -1);
    await allArrived(cache);
    const before = await rig.writeCount();
    const receipts = await Promise.all(Array.from({ length: 500 }, (_, value) => cache.set("hot", value)));
    expect(receipts.every(({ version, coherent }) => version === 0 && !coherent)).toBe(true);
    expect(await cache.get("hot")).toBe(499);
    await allArrived(cache);
    // One leaves at once, and one with the last value; questions of scripts about copies come on top.
    expect((await rig.writeCount()) - before).toBeLessThanOrEqual(10);
    expect(await open().get("hot")).toBe(499);
  });

  it("arrives in the order of its key, also when connections break and writes are sent again", async () => {
    const cache = openBehind();
    const reader = open();
    await cache.ready();
    await reader.ready();
    const random = createSeededRandom(7);
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const expected = new Map<string, number>();
    const seen = new Map<string, number>();
    for (const proxy of rig.proxies) proxy.set({ jitterMs: 3, chunksPerReset: 40 });
    for (let step = 1; step <= 600; step += 1) {
      const key = keys[Math.floor(random.next() * keys.length)] as string;
      if (random.next() < 0.2) {
        await cache.delete(key);
        expected.delete(key);
      } else {
        await cache.set(key, step);
        expected.set(key, step);
      }
      if (step % 20 > 0) continue;
      // With writes on their way.
      if (step % 60 === 0) for (const proxy of rig.proxies) proxy.resetAll();
      const found = await reader.getMulti<number>(keys).catch(() => new Map<string, number>());
      for (const [name, value] of found) {
        expect(value, name).toBeGreaterThanOrEqual(seen.get(name) ?? 0);
        seen.set(name, value);
      }
    }
    for (const proxy of rig.proxies) proxy.heal();
    await allArrived(cache);
    expect(await open().getMulti(keys)).toEqual(expected);
    expect(await cache.getMulti(keys)).toEqual(expected);
  });

  it("waits while the store is away, and arrives when it is back: of each key the last value, or its delete", async () => {
    const cache = openBehind();
    await cache.setMulti({ k: 0, gone: 0 });
    await allArrived(cache);
    await goAway();
    for (let round = 1; round <= 50; round += 1) {
      await cache.set("k", round);
      await cache.set(`other${round}`, round);
    }
    await cache.deleteMulti(["gone", "other50"]);
    expect(await cache.getMulti(["k", "gone", "other1", "other50"])).toEqual(
      new Map([
        ["k", 50],
        ["other1", 1],
      ]),
    );
    expect(cache.stats().pendingWrites).toBe(52);
    await expect(cache.increment("k")).rejects.toThrow();
    await comeBack();
    await allArrived(cache);
    expect(await open().getMulti(["k", "gone", "other1", "other49", "other50"])).toEqual(
      new Map([
        ["k", 50],
        ["other1", 1],
        ["other49", 49],
      ]),
    );
  });

  it("is not overtaken by what was tried before the store came back", async () => {
    const cache = openBehind();
    await cache.set("k", 0);
    await allArrived(cache);
    for (let round = 0; round < 2; round += 1) {
      const keys = Array.from({ length: 20 }, (_, index) => `${round}:${index}`);
      await goAway();
      for (const key of keys) await cache.set(key, "first");
      // Not before the first values have left: what has, may still be tried by the store's client.
      await expect(cache.increment(keys[0] as string)).rejects.toThrow();
      for (const key of keys) await cache.set(key, "last");
      await comeBack();
      await allArrived(cache);
      await cache.setMulti(keys.slice(0, 10).map((key) => [key, "later"] as const));
      await allArrived(cache);
      const found = await open().getMulti(keys);
      expect(found).toEqual(new Map(keys.map((key, index) => [key, index < 10 ? "later" : "last"])));
      for (const reader of caches.splice(1)) await reader.close();
    }
  });

  it("is written by close, which tells what it could not write", async () => {
    const cache = openBehind();
    await cache.setMulti({ a: 1, b: 2, c: 3 });
    await allArrived(cache);
    await goAway();
    await cache.delete("b");
    await cache.set("c", 4);
    // It waits for the store as long as it may.
    const closing = cache.close();
    await comeBack();
    await closing;
    expect(await open().getMulti(["a", "b", "c"])).toEqual(new Map(Object.entries({ a: 1, c: 4 })));
    const cut = openBehind({}, 300);
    const lost: unknown[] = [];
    cut.on("unwritten", ({ reason, setCount, deleteCount }) => lost.push({ reason, setCount, deleteCount }));
    await cut.ready();
    await goAway();
    await cut.setMulti({ d: 4, e: 5 });
    await cut.delete("a");
    await cut.close();
    await comeBack();
    expect(lost).toEqual([{ reason: "closed", setCount: 2, deleteCount: 1 }]);
    expect(await open().getMulti(["a", "d", "e"])).toEqual(new Map([["a", 1]]));
  });

  it("is there before what needs the store's answer: tags, counters, comparisons, clears, acknowledged writes", async () => {
    const cache = openBehind();
    const reader = open();
    await cache.set("tagged", 1, { tags: ["red"] });
    await cache.invalidateTags(["red"]);
    expect(await reader.get("tagged")).toBeUndefined();
    expect(await cache.get("tagged")).toBeUndefined();
    await cache.set("tagged", 2, { tags: ["red"] });
    await allArrived(cache);
    expect(await reader.get("tagged")).toBe(2);
    await reader.invalidateTags(["red"]);
    await expect.poll(() => cache.get("tagged"), { interval: 10 }).toBeUndefined();
    for (let round = 0; round < 10; round += 1) {
      await cache.set("n", round);
      expect(await cache.increment("n", 5)).toBe(round + 5);
      await cache.delete("n");
      expect(await cache.setNX("n", "first")).toBe(true);
    }
    await cache.set("n", 1);
    expect(await cache.update<number>("n", (n = 0) => n + 1)).toBe(2);
    await cache.set("acknowledged", 1);
    const { version, coherent } = await cache.set("acknowledged", 2, { ack: "all" });
    expect({ isVersioned: version > 0, coherent }).toEqual({ isVersioned: true, coherent: true });
    expect(await reader.get("acknowledged")).toBe(2);
    const orders = cache.namespace("orders");
    await orders.set("1", "open");
    await orders.clear();
    expect(await reader.namespace("orders").get("1")).toBeUndefined();
    expect(await reader.get("acknowledged")).toBe(2);
  });

  it("goes through, awaited, when it would take more room than may wait, and fails while the store is away", async () => {
    const cache = openBehind({ maxPendingSize: "16KB", maxPendingWrites: 20 });
    await cache.set("k", "small");
    await allArrived(cache);
    const text = "x".repeat(1_000);
    const receipts = await Promise.all(Array.from({ length: 30 }, (_, index) => cache.set(`r${index}`, text)));
    const queuedCount = receipts.filter(({ version }) => version === 0).length;
    expect(queuedCount).toBeGreaterThan(3);
    expect(queuedCount).toBeLessThan(9);
    await allArrived(cache);
    const keys = receipts.map((_, index) => `r${index}`);
    expect((await open().getMulti(keys)).size).toBe(30);
    await goAway();
    for (let index = 0; index < 19; index += 1) await cache.set(`s${index}`, index);
    await cache.set("s0", "last");
    // Where the one before was on its way, both wait until that has failed.
    await expect.poll(() => cache.stats().pendingWrites, { interval: 5 }).toBe(19);
    await cache.set("s19", 19);
    await expect(cache.set("s20", 20)).rejects.toThrow();
    expect(cache.stats().pendingWrites).toBe(20);
    await comeBack();
    await allArrived(cache);
    expect(await open().getMulti(["s0", "s19", "s20"])).toEqual(
      new Map<string, unknown>([
        ["s0", "last"],
        ["s19", 19],
      ]),
    );
  });
});
