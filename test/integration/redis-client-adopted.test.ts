import { createClient, createClientPool, createCluster, createSentinel } from "@redis/client";
import { Redis as Ioredis, Cluster as IoredisCluster } from "ioredis";
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from "iovalkey";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { type RedisCluster, startRedisCluster } from "../../scripts/servers/start-redis-cluster.ts";
import { type RedisSentinelSetup, startRedisSentinel } from "../../scripts/servers/start-redis-sentinel.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { adoptRedisClient } from "../../src/clients/redis/adopt-redis-client.ts";
import type { RedisClient } from "../../src/clients/redis/redis-client.ts";
import { defineRedisScript } from "../../src/clients/redis/redis-script.ts";
import { slotOfKey } from "../../src/clients/redis/redis-slot.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { outcomeOf, READ, redisHost, redisSettings, timed, WRITE } from "./support/redis-client-under-test.ts";

const ADD = defineRedisScript("add", "return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])}");
const BYTES = Buffer.from([0, 255, 13, 10, 128]);

/** A user's client and how it is ended. */
interface Owned {
  readonly client: object;
  end(): Promise<unknown> | unknown;
}

describe("a user's own Redis client", () => {
  let server: TestServer;
  let cluster: RedisCluster;
  let sentinels: RedisSentinelSetup;

  beforeAll(async () => {
    [server, cluster, sentinels] = await Promise.all([
      startRedis(),
      startRedisCluster({ replicaCount: 0 }),
      startRedisSentinel(),
    ]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop(), sentinels.stop()]));

  const at = (port = server.port) => ({ host: "127.0.0.1", port });
  const quiet = <T extends { on(event: "error", listener: () => void): unknown }>(client: T): T => {
    client.on("error", () => undefined);
    return client;
  };

  const makers: readonly [string, () => Owned, boolean][] = [
    [
      "node-redis client",
      () => {
        const client = quiet(
          createClient({ socket: at(), commandOptions: { timeout: undefined as never }, disableOfflineQueue: true }),
        );
        return { client, end: () => client.destroy() };
      },
      false,
    ],
    [
      "node-redis client of RESP2",
      () => {
        const client = quiet(createClient({ socket: at(), RESP: 2 }));
        return { client, end: () => client.destroy() };
      },
      false,
    ],
    [
      "node-redis pool",
      () => {
        const client = quiet(createClientPool({ socket: at() }));
        return { client, end: () => client.destroy() };
      },
      false,
    ],
    [
      "node-redis cluster",
      () => {
        const client = quiet(
          createCluster({ rootNodes: cluster.addresses.map((address) => ({ url: `redis://${address}` })) }),
        );
        return { client, end: () => client.destroy() };
      },
      false,
    ],
    [
      "node-redis sentinel",
      () => {
        const [first] = sentinels.sentinels;
        const client = quiet(
          createSentinel({
            name: sentinels.name,
            sentinelRootNodes: [{ host: "127.0.0.1", port: first?.port as number }],
          }),
        );
        return { client, end: () => client.destroy() };
      },
      true,
    ],
    ...(
      [
        ["ioredis", Ioredis, IoredisCluster],
        ["iovalkey", Iovalkey, IovalkeyCluster],
      ] as const
    ).flatMap(([name, Plain, Cluster]): [string, () => Owned, boolean][] => [
      [
        name,
        () => {
          const client = quiet(new Plain({ ...at(), lazyConnect: true }));
          return { client, end: () => client.disconnect() };
        },
        true,
      ],
      [
        `${name} that resends nothing`,
        () => {
          const client = quiet(new Plain({ ...at(), maxRetriesPerRequest: 0 }));
          return { client, end: () => client.disconnect() };
        },
        false,
      ],
      [
        `${name} cluster`,
        () => {
          const client = quiet(
            new Cluster(
              cluster.addresses.map((address) => ({ host: "127.0.0.1", port: Number(address.split(":")[1]) })),
            ),
          );
          return { client, end: () => client.disconnect() };
        },
        true,
      ],
    ]),
  ];

  async function withAdopted(owned: Owned, body: (client: RedisClient) => Promise<void>, readTimeoutMs = 8_000) {
    const host = redisHost();
    const client = adoptRedisClient(
      owned.client,
      redisSettings("", { readTimeoutMs, writeTimeoutMs: readTimeoutMs }),
      host,
    );
    try {
      await client.connect();
      await body(client);
      return host.notices;
    } finally {
      await client.close();
      await owned.end();
    }
  }

  it.each(makers)("of %s is binary-safe, exact, and says whether it resends", async (name, make, resends) => {
    const notices = await withAdopted(make(), async (client) => {
      const slot = slotOfKey("{adopted}");
      const call = (...args: (string | Buffer)[]) => client.call(slot, args, WRITE);
      await call("DEL", "{adopted}a", "{adopted}n", "{adopted}s");
      await call("SET", "{adopted}a", BYTES);
      expect(await call("GET", "{adopted}a")).toEqual(BYTES);
      expect(await call("MGET", "{adopted}a", "{adopted}none")).toEqual([BYTES, null]);
      expect(await call("INCR", "{adopted}n")).toBe(1);
      await expect(call("INCR", "{adopted}a")).rejects.toMatchObject({ name: "RedisServerError", prefix: "ERR" });
      for (const node of client.primaries()) await node.call(["SCRIPT", "FLUSH"], WRITE);
      const runs = [1, 2].map(() => client.runScript(slot, ADD, ["{adopted}s"], ["2"], WRITE));
      // In no order: a pool has several connections.
      expect((await Promise.all(runs)).map((reply) => (reply as unknown[])[1]).sort()).toEqual([2, 4]);
      expect(client.addressOfSlot(slot)).toMatch(name.includes("pool") ? /^redis$/ : /^127\.0\.0\.1:\d+$/);
      expect(client.topology).toBe(name.includes("cluster") ? "cluster" : "single");
      expect(client.resendsCommands).toBe(resends);
      expect(client.features()[0]?.server).toMatch(/^(redis|valkey) \d/);
      expect(Math.abs(client.clockOffsetMs(slot))).toBeLessThan(1_000);
      expect(client.connections()[0]).toMatchObject({ inFlight: 0 });
    });
    const warnings = notices.flatMap((notice) => (notice.kind === "warning" ? [notice.message] : []));
    expect(warnings.some((warning) => warning.includes("twice"))).toBe(resends);
  });

  it.each([
    [
      "node-redis",
      (port: number) => {
        const client = quiet(createClient({ socket: at(port) }));
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "ioredis",
      (port: number) => {
        const client = quiet(new Ioredis(at(port)));
        return { client, end: () => client.disconnect() };
      },
    ],
  ] as const)("of %s has our deadlines, and stays open when the store is closed", async (_name, make) => {
    const proxy = await startFaultProxy({ target: server });
    const owned = make(proxy.port);
    await withAdopted(
      { client: owned.client, end: () => undefined },
      async (client) => {
        proxy.set({ blackHolesReplies: true });
        const { result, tookMs, heldUpMs } = await timed(() =>
          Promise.all([
            outcomeOf(client.call(0, ["GET", "a"], READ)),
            outcomeOf(client.call(0, ["SET", "a", "1"], WRITE)),
          ]),
        );
        expect(result).toEqual(["BackendTimeoutError", "OutcomeUnknownError"]);
        expect(tookMs).toBeLessThan(300 + 20 + heldUpMs);
        proxy.set({ blackHolesReplies: false });
      },
      300,
    );
    const again = adoptRedisClient(owned.client, redisSettings("", { readTimeoutMs: 2_000 }), redisHost());
    expect(await outcomeOf(again.call(0, ["ECHO", "open"], READ))).toBe("open");
    await again.close();
    expect(await outcomeOf(again.call(0, ["ECHO", "open"], READ))).toBe("BackendUnavailableError");
    owned.end();
    await proxy.stop();
  });

  it("that is none is refused, and so is one that changes keys", () => {
    for (const client of [{}, new Map(), { sendCommand: () => undefined }]) {
      expect(() => adoptRedisClient(client, redisSettings(""), redisHost())).toThrow(
        expect.objectContaining({ code: "GCX_CONFIG_INVALID", field: "redis.client" }),
      );
    }
    const prefixed = new Ioredis({ lazyConnect: true, keyPrefix: "app:" });
    expect(() => adoptRedisClient(prefixed, redisSettings(""), redisHost())).toThrow(/keyPrefix/);
  });
});
