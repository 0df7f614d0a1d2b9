import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { type RedisClusterNode, startRedisCluster } from "../../scripts/servers/start-redis-cluster.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { SharedTier } from "../../src/backend/shared-tier.ts";
import { NODES_KEY, slotOfShard, TAG_SLOT } from "../../src/backends/redis/redis-key-layout.ts";
import { hearStore } from "./support/heard-changes.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { clusterOf, type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";

const EPOCH_KEY = "{gcx:all}e";

/** What another server has left, as after a failover: its data, with its own name in it. */
describe("data that another Redis server has left", () => {
  let server: TestServer;
  let raw: RawRedis;
  let open: OpenRedisBackend;

  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
    open = await openRedisBackend(standalone(server));
  });
  afterAll(async () => {
    await open.close();
    raw.close();
    await server.stop();
  });

  const tier = (): SharedTier => open.sharedTier;
  const epochNow = async (): Promise<string | undefined> =>
    (await tier().heads({ shards: [3] }, {})).stamps.map(({ epoch }) => epoch)[0];

  it("is another epoch from the next question for heads on, and one epoch as long as the server is the same", async () => {
    const before = await epochNow();
    expect(await epochNow()).toBe(before);
    await raw.send("SET", EPOCH_KEY, `${String(before).split(".")[0]}.0123456789abcdef ${Date.now()}`);
    const after = await epochNow();
    expect(after).not.toBe(before);
    expect(after).toMatch(/^[0-9a-f]{20}\.[0-9a-f]{16}$/);
    expect(String(after).split(".")[1]).toBe(String(before).split(".")[1]);
    expect(await epochNow()).toBe(after);
  });

  it("has a table of nodes that is as young as if it were new, for it may lack who joined last", async () => {
    await raw.send("HSET", NODES_KEY, "born", String(Date.now() - 3_600_000));
    await tier().heads({ shards: [], node: { id: "a", info: "", leaseMs: 60_000 } }, {});
    await raw.send("HSET", NODES_KEY, "born", String(Date.now() - 3_600_000));
    expect((await tier().nodes({})).ageMs).toBeGreaterThan(3_000_000);
    await raw.send("HSET", NODES_KEY, "run", "0123456789abcdef");
    const { nodes, ageMs } = await tier().nodes({});
    expect(ageMs).toBeLessThan(60_000);
    expect(nodes.map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("the clock of tags of a Redis Cluster", () => {
  it("is another life when its server alone fails over and loses an invalidation, though the next one comes before anybody looks", async () => {
    const cluster = await startRedisCluster();
    const open = await openRedisBackend(clusterOf(cluster.addresses), "coherent", {
      readTimeoutMs: 1_000,
      maxRetries: 30,
    });
    try {
      await open.invalidateTags(["red"], {});
      const heard = await hearStore(open.sharedTier);
      await open.invalidateTags(["red"], {});
      await expect.poll(() => heard.owed()).toEqual([]);
      // Shards of other servers: of theirs nothing is lost, and their epochs do not change.
      const primary = await cluster.primaryOfSlot(TAG_SLOT);
      const owners = await Promise.all(
        Array.from(
          { length: 64 },
          async (_, shard) => [shard, await cluster.primaryOfSlot(slotOfShard(shard))] as const,
        ),
      );
      const others = owners.filter(([, owner]) => owner !== primary).map(([shard]) => shard);
      expect(others.length).toBeGreaterThan(10);
      // The replica does not get it, and this process does not hear of it.
      const [replica] = (await cluster.replicasOf(primary)) as readonly [RedisClusterNode, ...RedisClusterNode[]];
      heard.withhold(() => true);
      replica.signal("SIGSTOP");
      await primary.call("CLIENT", "KILL", "TYPE", "replica");
      await open.invalidateTags(["red"], {});
      primary.signal("SIGKILL");
      replica.signal("SIGCONT");
      await cluster.waitUntilHealthy();
      await expect.poll(() => heard.gaps.at(-1), { timeout: 10_000 }).toBe(true);
      heard.withhold(() => false);
      // Higher than what was lost: by the numbers alone the chain is whole.
      await open.invalidateTags(["blue"], {});
      const numbers = (): number[] => heard.changes.flatMap((told) => (told.kind === "tags" ? [told.number ?? 0] : []));
      await expect.poll(() => numbers()).toHaveLength(2);
      expect(heard.changes.at(-1)).toMatchObject({ previousNumber: numbers()[0] });
      const lives = others.map((shard) => heard.table.generationOf(shard));
      await heard.owed();
      expect(others.map((shard) => heard.table.generationOf(shard))).toEqual(lives.map((life) => life + 1));
      expect((await heard.owed()).filter((place) => place === 64)).toEqual([]);
      heard.stop();
    } finally {
      await open.close();
      await cluster.stop();
    }
  }, 40_000);
});
