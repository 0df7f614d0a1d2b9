import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { makeCertificates } from "../../scripts/servers/make-certificates.ts";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../scripts/servers/start-redis-cluster.ts";
import { type RedisSentinelSetup, startRedisSentinel } from "../../scripts/servers/start-redis-sentinel.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

describe("a redis cluster for tests", () => {
  let cluster: RedisCluster;
  const slotOf = async (key: string): Promise<number> =>
    Number(await (cluster.nodes[5] as RedisClusterNode).call("CLUSTER", "KEYSLOT", key));

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it("has three primaries with a replica each, and every slot has its primary", async () => {
    const primaries = await Promise.all(
      [0, 5_460, 5_461, 10_922, 10_923, 16_383].map((slot) => cluster.primaryOfSlot(slot)),
    );
    expect(primaries.map((node) => cluster.nodes.indexOf(node))).toEqual([0, 0, 1, 1, 2, 2]);
    for (const primary of new Set(primaries)) {
      const [replica, ...others] = await cluster.replicasOf(primary);
      expect(others).toEqual([]);
      expect(cluster.nodes.indexOf(replica as RedisClusterNode)).toBeGreaterThanOrEqual(3);
    }
  });

  it("moves a slot with its keys, answering ASK in the middle and MOVED at the end", async () => {
    const slot = await slotOf("{tag}");
    const from = await cluster.primaryOfSlot(slot);
    const to = cluster.nodes.slice(0, 3).find((node) => node !== from) as RedisClusterNode;
    for (let index = 0; index < 10; index += 1) await from.call("SET", `{tag}${index}`, index);
    const migration = await cluster.beginMigration(slot, from, to);
    expect(await migration.moveKeys(4)).toBe(4);
    await expect(from.call("GET", "{tag}missing")).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
    await migration.finish();
    await expect(from.call("GET", "{tag}3")).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`);
    expect(await to.call("GET", "{tag}3")).toBe("3");
    expect(await cluster.primaryOfSlot(slot)).toBe(to);
    await cluster.migrateSlot(slot, to, from);
    expect(await from.call("GET", "{tag}3")).toBe("3");
  });

  it("replaces a primary that is killed by its replica, which has its data", async () => {
    const slot = await slotOf("kept");
    const primary = await cluster.primaryOfSlot(slot);
    const [replica] = await cluster.replicasOf(primary);
    await primary.call("SET", "kept", "yes");
    expect(await primary.call("WAIT", 1, 2_000)).toBe(1);
    primary.signal("SIGKILL");
    await cluster.waitUntilHealthy();
    expect(await cluster.primaryOfSlot(slot)).toBe(replica);
    expect(await replica?.call("GET", "kept")).toBe("yes");
  });
});

describe("a redis cluster behind proxies", () => {
  it("tells clients the ports that are announced", async () => {
    const proxies: FaultProxy[] = [];
    const cluster = await startRedisCluster({
      replicaCount: 0,
      announcedPort: async (port) => {
        const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
        proxies.push(proxy);
        return proxy.port;
      },
    });
    try {
      const slots = (await cluster.nodes[0]?.call("CLUSTER", "SLOTS")) as readonly [number, number, [string, number]][];
      expect(slots.map(([, , [, port]]) => port).sort()).toEqual(proxies.map(({ port }) => port).sort());
      expect(cluster.addresses).toEqual(cluster.nodes.map(({ announcedPort }) => `127.0.0.1:${announcedPort}`));
    } finally {
      await cluster.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });
});

describe("a primary with sentinels for tests", () => {
  let setup: RedisSentinelSetup;

  beforeAll(async () => {
    setup = await startRedisSentinel({ password: "secret", sentinelPassword: "watch" });
  });
  afterAll(() => setup.stop());

  it("is named by three sentinels", async () => {
    expect(await setup.primary()).toBe(setup.servers[0]);
    expect(new Set(setup.sentinelAddresses).size).toBe(3);
  });

  it("is replaced by a replica that has its data when it hangs, and comes back as a replica after a crash", async () => {
    const first = await setup.primary();
    await setup.call(first, "SET", "kept", "yes");
    await expect.poll(() => setup.call(setup.servers[1] as never, "GET", "kept")).toBe("yes");
    first.signal("SIGSTOP");
    const second = await setup.waitForNewPrimary(first);
    expect(second).toBe(setup.servers[1]);
    expect(await setup.call(second, "GET", "kept")).toBe("yes");
    first.signal("SIGKILL");
    await setup.restart(first);
    expect(String(await setup.call(first, "ROLE"))).toMatch(/^slave/);
    expect(await setup.call(first, "GET", "kept")).toBe("yes");
  });
});

describe("servers for tests with TLS", () => {
  it("are a cluster, and a primary with sentinels", async () => {
    const certificates = makeCertificates();
    const tls = { certificates, requiresClientCertificate: true };
    const [cluster, setup] = await Promise.all([
      startRedisCluster({ tls, primaryCount: 3, replicaCount: 0 }),
      startRedisSentinel({ tls }),
    ]);
    try {
      expect(await cluster.nodes[0]?.call("PING")).toBe("PONG");
      await expect(askServer(cluster.nodes[0] as RedisClusterNode, "PING\r\n")).rejects.toThrow(/closed|reset/i);
      await expect(askServer(setup.sentinels[0] as never, "PING\r\n")).rejects.toThrow(/closed|reset/i);
      expect(await setup.primary()).toBe(setup.servers[0]);
    } finally {
      await Promise.all([cluster.stop(), setup.stop()]);
      certificates.remove();
    }
  });
});
