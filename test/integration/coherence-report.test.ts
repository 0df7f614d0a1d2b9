import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { CoherenceStatus } from "../../src/backend/coherence-status.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheHealth } from "../../src/cache/health.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import type { CacheEventMap } from "../../src/events/cache-events.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

/** D where the test waits for it to be over. */
const SHORT_MS = 500;
const PATIENCE = { timeout: 20_000, interval: 20 };

describe("what an operator sees of copies, over a real store", () => {
  let redis: TestServer;
  let proxy: FaultProxy;
  const caches: Cache[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startFaultProxy({ target: redis });
  });
  afterAll(async () => {
    await proxy.stop();
    await redis.stop();
  });
  afterEach(async () => {
    proxy.heal();
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
  });

  /** Not connected yet, so that a test hears every event. */
  function create(server: { readonly host: string; readonly port: number }, config: CacheConfig = {}): Cache {
    const cache = createCache({
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis: { addresses: [`${server.host}:${server.port}`] },
      ...config,
    });
    caches.push(cache);
    return cache;
  }

  const told = (cache: Cache): CoherenceStatus => cache.stats().coherence as CoherenceStatus;
  const copiesOf = ({ checks }: CacheHealth): object | undefined => checks.find(({ name }) => name === "memory copies");

  function eventsOf<Name extends "peer" | "gap" | "probe">(cache: Cache, name: Name): CacheEventMap[Name][] {
    const all: CacheEventMap[Name][] = [];
    cache.on(name, (event) => all.push(event));
    return all;
  }

  /** Reads all the time meanwhile, also while earlier reads wait: who has not read for a third of the bound asks nothing. */
  async function whileRead<Result>(read: () => Promise<unknown>, run: () => Promise<Result>): Promise<Result> {
    const reading = setInterval(read, 10);
    try {
      return await run();
    } finally {
      clearInterval(reading);
    }
  }

  it("shows a store that has fallen silent by probes, health and the copies' proof, and that it is back", async () => {
    const cache = create(proxy, { consistency: { maxStaleness: SHORT_MS }, deadlines: { read: 200, health: 200 } });
    const probes = eventsOf(cache, "probe");
    await cache.set("k", 1);
    const read = (): Promise<unknown> => cache.get("k").catch(() => "failed");
    await expect.poll(async () => [await read(), told(cache).probes > 0], PATIENCE).toEqual([1, true]);
    expect(told(cache)).toMatchObject({ isProvable: true, maxStalenessMs: SHORT_MS });
    expect(copiesOf(await cache.health())).toMatchObject({ status: "up" });

    proxy.set({ blackHolesReplies: true });
    await whileRead(read, async () => {
      await expect.poll(() => told(cache).isProvable, PATIENCE).toBe(false);
      expect(told(cache).probeAgeMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(SHORT_MS);
      const health = await cache.health();
      expect(health.status).toBe("down");
      expect(copiesOf(health)).toMatchObject({
        status: "degraded",
        message: expect.stringContaining(`${SHORT_MS} ms`),
      });
      await expect.poll(() => told(cache).probeFailures, PATIENCE).toBeGreaterThan(0);
    });
    expect(await read()).toBe("failed");
    expect(probes.some(({ isAnswered }) => !isAnswered)).toBe(true);

    proxy.heal();
    await expect.poll(async () => [await read(), told(cache).isProvable], PATIENCE).toEqual([1, true]);
    await expect.poll(async () => (await cache.health()).status, PATIENCE).toBe("up");
    expect(probes.at(-1)).toMatchObject({ backend: "redis", isAnswered: true });
  });

  it("names the peers over gRPC as they come and go, counts what they are told, and is degraded without one", async () => {
    const ports = await Promise.all([findFreePort(), findFreePort()]);
    const [address, otherAddress] = ports.map((port) => `127.0.0.1:${port}`) as [string, string];
    const open = async (port: number | undefined): Promise<Cache> => {
      const grpc = { port, peers: [address, otherAddress], token: "of all nodes" };
      return create(redis, { distributed: true, grpc });
    };
    const first = await open(ports[0]);
    const [peers, gaps] = [eventsOf(first, "peer"), eventsOf(first, "gap")];
    const second = await open(ports[1]);
    await Promise.all([first.ready(), second.ready()]);
    const linkTo = (cache: Cache, wanted: string): object | undefined =>
      told(cache).peers.find(({ transport, address: at }) => transport === "grpc" && at === wanted);
    await expect.poll(() => linkTo(first, otherAddress), PATIENCE).toMatchObject({ state: "connected" });
    await expect.poll(() => linkTo(second, address), PATIENCE).toMatchObject({ state: "connected" });
    const connected = peers.find(({ transport }) => transport === "grpc");
    expect(connected).toMatchObject({ backend: "redis", node: otherAddress, state: "connected" });
    expect(gaps).toContainEqual({ backend: "redis", transport: "grpc", from: connected?.id });

    const { messagesSent } = told(first);
    const { messagesReceived } = told(second);
    await first.set("k", 1);
    expect(told(first).messagesSent).toBe(messagesSent + 1);
    await expect.poll(() => told(second).messagesReceived, PATIENCE).toBeGreaterThan(messagesReceived);
    // With the checks, so that a failure says which of them is not.
    const calm = await first.health();
    expect({ ...calm, peers: told(first).peers }).toMatchObject({ status: "up" });

    await second.close();
    await expect.poll(() => peers.at(-1), PATIENCE).toMatchObject({ state: "lost" });
    await expect.poll(() => linkTo(first, otherAddress), PATIENCE).toMatchObject({ state: "lost" });
    const health = await first.health();
    expect(health.status).toBe("degraded");
    expect(copiesOf(health)).toMatchObject({ status: "degraded", message: expect.stringContaining(otherAddress) });
    expect(peers).toContainEqual({ ...connected, state: "lost" });
  });
});
