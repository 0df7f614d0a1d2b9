import { createClient, createClientPool, createCluster, createSentinel } from "@redis/client";
import { Redis as Ioredis, Cluster as IoredisCluster } from "ioredis";
import { Redis as Iovalkey } from "iovalkey";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { type RedisSentinelSetup, startRedisSentinel } from "../../scripts/servers/start-redis-sentinel.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { adoptRedisClient } from "../../src/clients/redis/adopt-redis-client.ts";
import { createRedisClient } from "../../src/clients/redis/create-redis-client.ts";
import type { RedisClient } from "../../src/clients/redis/redis-client.ts";
import { openRawRedis } from "./support/raw-redis.ts";
import { redisHost, redisSettings } from "./support/redis-client-under-test.ts";
import { startRedisCluster, type TestCluster } from "./support/redis-cluster.ts";

const CHANNEL = "some:channel";
const MESSAGE = Buffer.from([75, 0, 255, 13, 10, 128]);

/** A client under test, and how what is its user's is ended. */
interface Opened {
  readonly client: RedisClient;
  end(): Promise<unknown> | unknown;
}

describe("a subscription of a Redis client", () => {
  let server: TestServer;
  let cluster: TestCluster;
  let sentinels: RedisSentinelSetup;

  beforeAll(async () => {
    [server, cluster, sentinels] = await Promise.all([startRedis(), startRedisCluster(), startRedisSentinel()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop(), sentinels.stop()]));

  const quiet = <T extends { on(event: "error", listener: () => void): unknown }>(client: T): T => {
    client.on("error", () => undefined);
    return client;
  };
  const adopt = (client: object, end: () => unknown): Opened => ({
    client: adoptRedisClient(client, redisSettings("unused"), redisHost()),
    end,
  });
  const own = (topology: Parameters<typeof createRedisClient>[0]["topology"]): Opened => ({
    client: createRedisClient({ ...redisSettings("unused"), topology }, redisHost()),
    end: () => undefined,
  });
  const at = (): { host: string; port: number } => ({ host: server.host, port: server.port });
  const nodes = (): { host: string; port: number }[] => cluster.servers.map(({ host, port }) => ({ host, port }));

  const makers: readonly [string, "server" | "cluster" | "primary", () => Opened][] = [
    ["our own", "server", () => own({ kind: "standalone", address: `${server.host}:${server.port}` })],
    [
      "our own of a cluster",
      "cluster",
      () => own({ kind: "cluster", addresses: cluster.addresses, maxRedirects: 5, readFrom: "primary" }),
    ],
    [
      "our own behind sentinels",
      "primary",
      () =>
        own({
          kind: "sentinel",
          name: sentinels.name,
          addresses: sentinels.sentinelAddresses,
          credentials: {},
        }),
    ],
    [
      "node-redis",
      "server",
      () => {
        const client = quiet(createClient({ socket: at() }));
        return adopt(client, () => client.destroy());
      },
    ],
    [
      "node-redis of RESP2",
      "server",
      () => {
        const client = quiet(createClient({ socket: at(), RESP: 2 }));
        return adopt(client, () => client.destroy());
      },
    ],
    [
      "a cluster of node-redis",
      "cluster",
      () => {
        const client = quiet(createCluster({ rootNodes: nodes().map((socket) => ({ socket })) }));
        return adopt(client, () => client.destroy());
      },
    ],
    [
      "ioredis",
      "server",
      () => {
        const client = quiet(new Ioredis({ ...at(), lazyConnect: true }));
        return adopt(client, () => client.disconnect());
      },
    ],
    [
      "iovalkey",
      "server",
      () => {
        const client = quiet(new Iovalkey({ ...at(), lazyConnect: true }));
        return adopt(client, () => client.disconnect());
      },
    ],
    [
      "a cluster of ioredis",
      "cluster",
      () => {
        const client = quiet(new IoredisCluster(nodes(), { lazyConnect: true }));
        return adopt(client, () => client.disconnect());
      },
    ],
  ];
  const publishAt = async (kind: "server" | "cluster" | "primary"): Promise<{ host: string; port: number }> =>
    kind === "server" ? server : kind === "cluster" ? (cluster.servers[2] as TestServer) : await sentinels.primary();

  it.each(makers)("over %s hears bytes as they were published, and ends with the client", async (_, where, make) => {
    const { client, end } = make();
    const raw = openRawRedis(await publishAt(where));
    const heard: Buffer[] = [];
    let onHeard = (): void => undefined;
    let onUp = (): void => undefined;
    const up = new Promise<void>((resolve) => {
      onUp = resolve;
    });
    try {
      await client.connect();
      const first = new Promise<void>((resolve) => {
        onHeard = resolve;
      });
      client.subscribe?.([CHANNEL], {
        onMessage: (message) => {
          heard.push(Buffer.from(message));
          onHeard();
        },
        onGap: () => onUp(),
      });
      await up;
      await raw.send("PUBLISH", "another:channel", "no");
      await raw.send("PUBLISH", CHANNEL, MESSAGE);
      await first;
      expect(heard).toEqual([MESSAGE]);
      await client.close();
      const countOf = async (): Promise<string> => raw.send("PUBSUB", "NUMSUB", CHANNEL);
      // A connection that was ended is noticed by its server a moment later.
      await expect.poll(countOf).toContain(":0\r\n");
    } finally {
      await client.close();
      await end();
      raw.close();
    }
  });

  it("is none where the user's client makes no connections like its own", async () => {
    const pool = quiet(createClientPool({ socket: at() }));
    const sentinel = quiet(
      createSentinel({
        name: sentinels.name,
        sentinelRootNodes: sentinels.sentinels.map(({ host, port }) => ({ host, port })),
      }),
    );
    for (const client of [pool, sentinel]) {
      expect(adoptRedisClient(client, redisSettings("unused"), redisHost()).subscribe).toBe(undefined);
    }
  });

  it("goes to the new primary when sentinels name another", async () => {
    const { client } = own({
      kind: "sentinel",
      name: sentinels.name,
      addresses: sentinels.sentinelAddresses,
      credentials: {},
    });
    const old = await sentinels.primary();
    let gapCount = 0;
    let onHeard = (): void => undefined;
    try {
      await client.connect();
      const onGap = (): void => {
        gapCount += 1;
      };
      client.subscribe?.([CHANNEL], { onMessage: () => onHeard(), onGap });
      await expect.poll(() => gapCount).toBe(1);
      old.signal("SIGKILL");
      const next = await sentinels.waitForNewPrimary(old);
      await expect.poll(() => gapCount, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
      const raw = openRawRedis(next);
      const heard = new Promise<void>((resolve) => {
        onHeard = resolve;
      });
      await raw.send("PUBLISH", CHANNEL, "after the failover");
      await heard;
      raw.close();
    } finally {
      await client.close();
    }
  });
});
