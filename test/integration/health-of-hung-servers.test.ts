import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

describe("the health of a cache over two servers, one of which hangs", () => {
  let stopAll: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    stopAll = [];
  });
  afterEach(async () => {
    for (const stop of stopAll) await stop();
  });

  async function startBehindProxy(start: () => Promise<TestServer>): Promise<{ address: string; proxy: FaultProxy }> {
    const server = await start();
    const proxy = await startFaultProxy({ target: server });
    stopAll.push(
      () => proxy.stop(),
      () => server.stop(),
    );
    return { address: `${proxy.host}:${proxy.port}`, proxy };
  }

  const stores: readonly (readonly [string, () => Promise<TestServer>, (addresses: string[]) => CacheConfig])[] = [
    ["Redis", startRedis, (addresses) => ({ backend: "redis", redis: { addresses }, sharding: { enabled: true } })],
    ["Memcached", startMemcached, (servers) => ({ backend: "memcached", memcached: { servers, timeout: "5s" } })],
  ];

  it.each(stores)("is degraded, names it, and keeps its deadline: %s", async (_, start, configure) => {
    const [hung, well] = await Promise.all([startBehindProxy(start), startBehindProxy(start)]);
    const cache = createCache({
      ...configure([hung.address, well.address]),
      deadlines: { health: "300ms", connect: "30s" },
    });
    stopAll.unshift(() => cache.close());
    // Connects, which loads libraries, before the short deadline counts.
    await cache.getMulti(["a", "b"]);
    hung.proxy.set({ blackHolesReplies: true });
    const startedAt = performance.now();
    const health = await cache.health();
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(health.status).toBe("degraded");
    const statusOf = (address: string): string | undefined =>
      health.checks.find(({ name }) => name.endsWith(address))?.status;
    expect([statusOf(hung.address), statusOf(well.address)]).toEqual(["down", expect.stringMatching(/up|degraded/)]);
    hung.proxy.heal();
  });
});
