import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { NODES_KEY } from "../../src/backends/redis/redis-key-layout.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { openRawRedis } from "./support/raw-redis.ts";

/** Longer than any of these tests should take: what is seen sooner was told. */
const LONG_MS = 60_000;

describe("caches that tell each other of changes over gRPC", () => {
  let redis: TestServer;
  let memcached: TestServer;
  const caches: Cache[] = [];

  beforeAll(async () => {
    [redis, memcached] = await Promise.all([startRedis(), startMemcached()]);
  });
  afterAll(() => Promise.all([redis.stop(), memcached.stop()]));
  afterEach(() => Promise.all(caches.splice(0).map((cache) => cache.close())));

  async function open(config: CacheConfig): Promise<Cache> {
    const cache = createCache({ distributed: true, consistency: { maxStaleness: LONG_MS }, ...config });
    caches.push(cache);
    await cache.ready();
    return cache;
  }

  const connectedTo = (cache: Cache): number =>
    (cache.stats().coherence?.peers ?? []).filter(
      ({ transport, state }) => transport === "grpc" && state === "connected",
    ).length;

  async function expectTold(fleet: readonly Cache[]): Promise<void> {
    await expect.poll(() => fleet.map(connectedTo), { timeout: 10_000 }).toEqual(fleet.map(() => fleet.length - 1));
    const [writer, ...readers] = fleet as [Cache, ...Cache[]];
    await writer.set("k", 1);
    for (const reader of readers) {
      await expect.poll(async () => [await reader.get("k"), reader.peek("k")], { timeout: 10_000 }).toEqual([1, 1]);
    }
    await writer.set("k", 2);
    for (const reader of readers) await expect.poll(() => reader.get("k"), { timeout: 10_000 }).toBe(2);
    // Of two links between two nodes one is given up, which is a moment without any.
    await expect
      .poll(async () => (await writer.health()).checks.at(-1), { timeout: 10_000 })
      .toMatchObject({ name: "memory copies", status: "up" });
  }

  it("find each other by the table of nodes in Redis, and see what another writes", async () => {
    const config: CacheConfig = {
      backend: "redis",
      redis: { addresses: [`${redis.host}:${redis.port}`] },
      grpc: { port: 0, token: "of all nodes" },
    };
    await expectTold([await open(config), await open(config), await open(config)]);
  });

  it("find each other also when nobody reads, and long after the lease of one is over", async () => {
    const config: CacheConfig = {
      backend: "redis",
      redis: { addresses: [`${redis.host}:${redis.port}`] },
      grpc: { port: 0 },
      consistency: { maxStaleness: 50 },
    };
    const first = await open(config);
    // The place of the first among those that writers wait for is over.
    const raw = openRawRedis(redis);
    await expect
      .poll(async () => String(await raw.send("HGETALL", NODES_KEY)), { timeout: 10_000 })
      .toMatch(/\r\na[0-9a-f]{24}\r\n/);
    for (const field of String(await raw.send("HKEYS", NODES_KEY)).matchAll(/\r\n(n[0-9a-f]{24})\r\n/g)) {
      await raw.send("HDEL", NODES_KEY, field[1] as string);
    }
    raw.close();
    const second = await open(config);
    await expect.poll(() => [first, second].map(connectedTo), { timeout: 5_000 }).toEqual([1, 1]);
  });

  it("come up when the store does, however often they were asked before", async () => {
    const server = await startRedis();
    // It takes connections, and answers nothing: every attempt to connect goes on when its caller has left, and all come to their end together.
    const proxy = await startFaultProxy({ target: { host: server.host, port: server.port } });
    proxy.set({ blackHolesRequests: true, blackHolesReplies: true });
    const config: CacheConfig = {
      ...{ backend: "redis", deadlines: { connect: 150, read: 2_000, write: 2_000 } },
      redis: { addresses: [`127.0.0.1:${proxy.port}`], dialTimeout: 10_000 },
      grpc: { port: 0 },
    };
    const fleet = [createCache({ distributed: true, ...config }), createCache({ distributed: true, ...config })];
    caches.push(...fleet);
    try {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const failures = await Promise.allSettled(fleet.map((cache) => cache.ready()));
        expect(failures.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      }
      proxy.heal();
      for (const cache of fleet)
        await expect.poll(() => cache.ready().then(() => "up"), { timeout: 10_000 }).toBe("up");
      await expectTold(fleet);
    } finally {
      await Promise.all(fleet.map((cache) => cache.close()));
      await proxy.stop();
      await server.stop();
    }
  });

  it("are told of each other by addresses, over a store that tells nothing itself", async () => {
    const ports = await Promise.all([findFreePort(), findFreePort(), findFreePort()]);
    const peers = ports.map((port) => `127.0.0.1:${port}`);
    const fleet: Cache[] = [];
    for (const port of ports) {
      fleet.push(
        await open({
          tiers: [{ backend: "memory" }, { backend: "memcached" }],
          memcached: { servers: [`${memcached.host}:${memcached.port}`] },
          grpc: { port, peers },
        }),
      );
    }
    await expectTold(fleet);
    await fleet[2]?.close();
    await expect
      .poll(async () => (await fleet[0]?.health())?.checks.at(-1), { timeout: 10_000 })
      .toMatchObject({ status: "degraded", message: expect.stringContaining(`127.0.0.1:${ports[2]}`) });
  });
});
