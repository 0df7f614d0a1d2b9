import { createCluster } from "@redis/client";
import { Cluster as IoredisCluster } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../scripts/servers/start-redis-cluster.ts";
import type { BackendNotice } from "../../src/backend/backend-notice.ts";
import { createRedisBackend } from "../../src/backends/redis/redis-backend.ts";
import { shardOfKey, slotOfShard, TAG_SLOT } from "../../src/backends/redis/redis-key-layout.ts";
import { type HeardChanges, hearStore } from "./support/heard-changes.ts";
import {
  clusterOf,
  type OpenRedisBackend,
  openRedisBackend,
  platformHost,
  redisSettings,
} from "./support/redis-backend.ts";

const CONTEXT = {};
const WRITE = { value: Buffer.from("v"), ttlMs: 60_000, tags: [] };
const SHARDS = Array.from({ length: 64 }, (_, shard) => shard);

/** A key of each shard. */
const KEYS: readonly string[] = SHARDS.map((shard) => {
  let number = 0;
  while (shardOfKey(`key ${number}`) !== shard) number += 1;
  return `key ${number}`;
});
const keyOf = (shard: number): string => KEYS[shard] as string;
const channelOf = (shard: number): string => `gcx:changes:{gcx:${String(shard).padStart(2, "0")}}`;

/** How often nodes have sent something over the bus, of all nodes together. */
async function busCounts(cluster: RedisCluster): Promise<{ readonly publish: number; readonly shard: number }> {
  const infos = await Promise.all(cluster.nodes.map((node) => node.call("CLUSTER", "INFO")));
  const sum = (name: string): number =>
    infos.reduce<number>((total, info) => total + Number(new RegExp(`${name}:(\\d+)`).exec(String(info))?.[1] ?? 0), 0);
  return {
    publish: sum("cluster_stats_messages_publish_sent"),
    shard: sum("cluster_stats_messages_publishshard_sent"),
  };
}

const listenersOn = async (node: RedisClusterNode, shard: number): Promise<number> =>
  Number(((await node.call("PUBSUB", "SHARDNUMSUB", channelOf(shard))) as readonly unknown[])[1]);

const subscribersOf = async (node: RedisClusterNode): Promise<number> =>
  String(await node.call("CLIENT", "LIST", "TYPE", "pubsub"))
    .split("\n")
    .filter((line) => line !== "").length;

/** Changes something in each shard, tags and everything. */
async function changeAll(backend: OpenRedisBackend): Promise<void> {
  await backend.setMulti(
    KEYS.map((key) => [key, WRITE] as const),
    CONTEXT,
  );
  await backend.deleteMulti(KEYS, CONTEXT);
  await backend.invalidateTags(["red"], CONTEXT);
  await backend.clear("", CONTEXT);
}

const nothingOwed = (heard: HeardChanges): Promise<void> =>
  expect.poll(() => heard.owed(), { timeout: 10_000 }).toEqual([]);

/** What was missed is given up; from here on the chain has to be whole. */
async function catchUp(heard: HeardChanges): Promise<void> {
  for (const place of await heard.owed()) if (place >= 0) heard.table.settle(place);
}

describe("messages of changes in a Redis Cluster", () => {
  let cluster: RedisCluster;
  let writer: OpenRedisBackend;
  let listener: OpenRedisBackend;
  let heard: HeardChanges;

  beforeAll(async () => {
    cluster = await startRedisCluster({ replicaCount: 0 });
    [writer, listener] = await Promise.all([
      openRedisBackend(clusterOf(cluster.addresses)),
      openRedisBackend(clusterOf(cluster.addresses)),
    ]);
    await changeAll(writer);
    heard = await hearStore(listener.sharedTier);
  }, 30_000);
  afterAll(async () => {
    heard?.stop();
    await Promise.all([writer?.close(), listener?.close()]);
    await cluster?.stop();
  });

  it("come from every shard, and none of them crosses the bus", async () => {
    const before = await busCounts(cluster);
    await changeAll(writer);
    await nothingOwed(heard);
    const shards = heard.changes.map((change) => (change.kind === "change" ? shardOfKey(change.key) : change.kind));
    expect(new Set(shards)).toEqual(new Set([...SHARDS, "tags", "clear"]));
    expect(await busCounts(cluster)).toEqual(before);
  });

  it("are heard over one connection to each primary and one for all, however many shards there are", async () => {
    const counts = await Promise.all(cluster.nodes.map(subscribersOf));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(cluster.nodes.length + 1);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it("follow a slot that moves while it is written to; what others say meanwhile is not missed", async () => {
    const moving = 3;
    const from = await cluster.primaryOfSlot(slotOfShard(moving));
    const to = cluster.nodes.find((node) => node !== from) as RedisClusterNode;
    const still = SHARDS.filter((shard) => slotOfShard(shard) !== slotOfShard(moving));
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        await writer.setMulti(
          KEYS.map((key) => [key, WRITE] as const),
          CONTEXT,
        );
      }
    })();
    const gapsBefore = heard.gaps.length;
    await cluster.migrateSlot(slotOfShard(moving), from, to);
    // Where the library lets the server's word for it pass by, the map says so, which is read anew when a probe is sent on.
    const askAndCount = async (): Promise<number> => {
      await heard.owed();
      return listenersOn(to, moving);
    };
    await expect.poll(askAndCount, { timeout: 15_000 }).toBe(1);
    isOver = true;
    await load;
    // A gap was told, and only of what moved was something missed.
    expect(heard.gaps.slice(gapsBefore)).toContain(true);
    await expect
      .poll(async () => (await heard.owed()).filter((place) => still.includes(place)), { timeout: 10_000 })
      .toEqual([]);
    await catchUp(heard);
    const before = await busCounts(cluster);
    await changeAll(writer);
    await nothingOwed(heard);
    expect(await busCounts(cluster)).toEqual(before);
    const counts = await Promise.all(cluster.nodes.map(subscribersOf));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(cluster.nodes.length + 1);
  });

  it("are heard by everybody over the bus where a call follows a slot to a server that does not have it yet", async () => {
    const moving = 9;
    const from = await cluster.primaryOfSlot(slotOfShard(moving));
    const to = cluster.nodes.find((node) => node !== from) as RedisClusterNode;
    await writer.set(keyOf(moving), WRITE, CONTEXT);
    await nothingOwed(heard);
    const migration = await cluster.beginMigration(slotOfShard(moving), from, to);
    // All that there is of the slot, so that the next call is sent on.
    while ((await migration.moveKeys(100)) > 0);
    const before = await busCounts(cluster);
    await writer.set(keyOf(moving), WRITE, CONTEXT);
    expect((await busCounts(cluster)).publish).toBeGreaterThan(before.publish);
    await nothingOwed(heard);
    await migration.finish();
    await expect.poll(() => listenersOn(to, moving), { timeout: 10_000 }).toBe(1);
  });

  it("of processes that know the channel for all alone are heard, and reach those that hear it alone as long as nobody hears more", async () => {
    const [node] = cluster.nodes as readonly [RedisClusterNode, ...RedisClusterNode[]];
    const count = heard.changes.length;
    await node.call("PUBLISH", "gcx:changes", "?");
    await expect.poll(() => heard.changes.slice(count)).toEqual([{ kind: "unknown" }]);
    // A process of before, while nobody else listens.
    await listener.close();
    await expect.poll(async () => (await Promise.all(cluster.nodes.map(subscribersOf))).join("")).toBe("000");
    const before = await busCounts(cluster);
    await writer.delete(keyOf(5), CONTEXT);
    expect((await busCounts(cluster)).publish).toBeGreaterThan(before.publish);
    listener = await openRedisBackend(clusterOf(cluster.addresses));
    heard = await hearStore(listener.sharedTier);
  });

  const adopted: readonly [string, () => Promise<{ readonly client: object; end(): void }>][] = [
    [
      "node-redis",
      async () => {
        const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
        const client = createCluster({ rootNodes });
        client.on("error", () => undefined);
        await client.connect();
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "ioredis",
      async () => {
        const client = new IoredisCluster(
          cluster.nodes.map(({ host, port }) => ({ host, port })),
          { enableOfflineQueue: false, redisOptions: { maxRetriesPerRequest: 0 } },
        );
        client.on("error", () => undefined);
        await expect.poll(() => client.status).toBe("ready");
        return { client, end: () => client.disconnect() };
      },
    ],
  ];
  it.each(adopted)("are heard over a cluster client of %s, also when a slot moves", async (_, open) => {
    const { client, end } = await open();
    const { topology: _own, ...settings } = redisSettings(clusterOf(cluster.addresses));
    const backend = createRedisBackend({ ...settings, mode: "coherent", foreignClient: client }, platformHost());
    try {
      await backend.connect?.({});
      const own = await hearStore((backend as OpenRedisBackend).sharedTier);
      const before = await busCounts(cluster);
      await changeAll(writer);
      await nothingOwed(own);
      expect(await busCounts(cluster)).toEqual(before);
      const moving = 12;
      const from = await cluster.primaryOfSlot(slotOfShard(moving));
      const to = cluster.nodes.find((node) => node !== from) as RedisClusterNode;
      await cluster.migrateSlot(slotOfShard(moving), from, to);
      // Its library learns of the slot by the calls that are made.
      await expect
        .poll(
          async () => {
            await backend.get?.(keyOf(moving), CONTEXT);
            return listenersOn(to, moving);
          },
          { timeout: 10_000 },
        )
        .toBe(2);
      await expect.poll(() => own.gaps.at(-1)).toBe(true);
      await catchUp(own);
      await changeAll(writer);
      await nothingOwed(own);
      own.stop();
    } finally {
      await backend.close?.();
      end();
    }
  });
});

describe("messages of changes in a Redis Cluster with replicas", () => {
  it("come from the replica that takes over, after a gap", async () => {
    const cluster = await startRedisCluster();
    const [writer, listener] = await Promise.all(
      [0, 1].map(() =>
        openRedisBackend(clusterOf(cluster.addresses), "coherent", { readTimeoutMs: 1_000, maxRetries: 20 }),
      ),
    );
    try {
      await changeAll(writer as OpenRedisBackend);
      const heard = await hearStore((listener as OpenRedisBackend).sharedTier);
      const before = await busCounts(cluster);
      await changeAll(writer as OpenRedisBackend);
      await nothingOwed(heard);
      const after = await busCounts(cluster);
      // To the replica of its own primary, and to nobody else.
      expect(after.publish).toBe(before.publish);
      expect(after.shard).toBeGreaterThan(before.shard);
      const killed = await cluster.primaryOfSlot(TAG_SLOT);
      const gapsBefore = heard.gaps.length;
      killed.signal("SIGKILL");
      await cluster.waitUntilHealthy();
      await expect.poll(() => heard.gaps.slice(gapsBefore), { timeout: 10_000 }).toContain(false);
      await expect.poll(() => heard.gaps.at(-1), { timeout: 10_000 }).toBe(true);
      const places = await heard.owed();
      // The data of its shards and of tags is of another server; the others went on.
      expect(places.length).toBeGreaterThan(0);
      await catchUp(heard);
      // Writes are not sent again by themselves: the first ones may meet a server that is gone.
      const isChanged = (): Promise<boolean> =>
        changeAll(writer as OpenRedisBackend).then(
          () => true,
          () => false,
        );
      await expect.poll(isChanged, { timeout: 10_000 }).toBe(true);
      await nothingOwed(heard);
    } finally {
      await Promise.all([writer?.close(), listener?.close()]);
      await cluster.stop();
    }
  }, 30_000);
});

describe("a Redis Cluster whose user may not use sharded pub/sub", () => {
  it("tells of changes over its bus, and says so", async () => {
    const rules = ["~{gcx:*", "&gcx:*", "+@all", "-spublish", "-ssubscribe"];
    const cluster = await startRedisCluster({ replicaCount: 0, users: [{ name: "limited", password: "pass", rules }] });
    const notices: BackendNotice[] = [];
    const open = (): Promise<OpenRedisBackend> =>
      openRedisBackend(
        clusterOf(cluster.addresses),
        "coherent",
        { credentials: { username: "limited", password: "pass" } },
        (notice) => void notices.push(notice),
      );
    const [writer, listener] = await Promise.all([open(), open()]);
    try {
      await changeAll(writer);
      const heard = await hearStore(listener.sharedTier);
      await changeAll(writer);
      await nothingOwed(heard);
      const warnings = notices.flatMap((notice) => (notice.kind === "warning" ? [notice.message] : []));
      expect(warnings.filter((message) => message.includes("+spublish"))).toHaveLength(2);
      expect(warnings.filter((message) => message.includes("Allow it +ssubscribe"))).toHaveLength(1);
    } finally {
      await Promise.all([writer.close(), listener.close()]);
      await cluster.stop();
    }
  }, 30_000);
});
