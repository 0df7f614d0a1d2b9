import { networkInterfaces } from "node:os";
import { createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { readEnvironment } from "../../src/config/config-environment.ts";
import type { RedisConfig } from "../../src/config/sections/redis-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { openRedisBackend, standalone } from "./support/redis-backend.ts";

/** Every character that means something in a URL, and one beyond ASCII. */
const PASSWORD = "p:a@s/s?w#o%r[d] +é";

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1"));
}

describe("a cache on Redis that is configured", () => {
  let server: TestServer;
  let raw: RawRedis;

  beforeAll(async () => {
    server = await startRedis({ hasUnixSocket: true, args: ["--bind", "127.0.0.1", "-::1"] });
    raw = openRawRedis(server);
    await raw.send("ACL", "SETUSER", "us:er", "on", `>${PASSWORD}`, "~*", "&*", "+@all");
  });
  afterAll(async () => {
    raw.close();
    await server.stop();
  });

  async function workWith(redis: RedisConfig): Promise<string | undefined> {
    const cache = createCache({ backend: "redis", redis, namespace: "configured" });
    try {
      await cache.set("key", "value");
      expect(await cache.get("key")).toBe("value");
      return (await cache.health()).status;
    } finally {
      await cache.clear();
      await cache.close();
    }
  }

  it("by a client of the user's, which stays open", async () => {
    const client = await createClient({ socket: { host: server.host, port: server.port } }).connect();
    await workWith({ client });
    expect(await client.ping()).toBe("PONG");
    await client.close();
  });

  it("by a URL whose user and password hold every special character", async () => {
    const credentials = `${encodeURIComponent("us:er")}:${encodeURIComponent(PASSWORD)}`;
    await workWith({ url: `redis://${credentials}@${server.host}:${server.port}/3` });
    await expect(
      workWith({ url: `redis://${credentials}x@${server.host}:${server.port}/3`, maxRetries: 0 }),
    ).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
  });

  it("by the path of a Unix socket", async () => {
    await workWith({ addresses: [server.unixSocket as string] });
  });

  // Skipped where the machine has no loopback address of IPv6.
  it.skipIf(!hasIpv6Loopback())("by an address of IPv6, alone and in a URL", async () => {
    await workWith({ addresses: [`[::1]:${server.port}`] });
    await workWith({ url: `redis://[::1]:${server.port}` });
  });

  it("by variables of the environment, spaces of the password included", async () => {
    const { config, problems } = readEnvironment({
      GOCACHEX_BACKEND: "redis",
      GOCACHEX_REDIS_ADDRESSES: ` ${server.host}:${server.port} `,
      GOCACHEX_REDIS_USERNAME: "us:er",
      GOCACHEX_REDIS_PASSWORD: PASSWORD,
      GOCACHEX_REDIS_DB: "4",
      GOCACHEX_REDIS_READ_TIMEOUT: "2s",
      GOCACHEX_REDIS_IDLE_TIMEOUT: "off",
    });
    expect(problems).toEqual([]);
    const cache = createCache(config);
    await cache.set("key", "value");
    expect(await raw.send("INFO", "keyspace")).toContain("db4:");
    await cache.close();
  });
});

describe("the plain mode, where something else is kept under the key", () => {
  let server: TestServer;
  let raw: RawRedis;

  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
  });
  afterAll(async () => {
    raw.close();
    await server.stop();
  });

  it("takes no lock away, whatever key a user chooses", async () => {
    const cache = createCache({
      backend: "redis",
      redis: { addresses: [`${server.host}:${server.port}`] },
      consistency: { mode: "plain" },
    });
    const lock = await cache.lock("job", { ttl: "1m" });
    const keys = Array.from({ length: 64 }, (_, shard) => `{gcx:${String(shard).padStart(2, "0")}}ljob`);
    const refused = { code: "GCX_ARGUMENT_KEY" };
    await expect(cache.set(keys[0] as string, "mine")).rejects.toMatchObject(refused);
    await expect(cache.setNX(keys[0] as string, "mine")).rejects.toMatchObject(refused);
    await expect(cache.setMulti({ fine: 1, [keys[0] as string]: 2 })).rejects.toMatchObject(refused);
    await expect(cache.deleteMulti(keys)).rejects.toMatchObject(refused);
    await expect(cache.increment("{gcx:p}s")).rejects.toMatchObject(refused);
    expect(await cache.get("fine")).toBeUndefined();
    await lock.extend("2m");
    expect(await lock.release()).toBe(true);
    await cache.close();
  });

  it("is not the first to write there", async () => {
    const backend = await openRedisBackend(standalone(server), "plain");
    await raw.send("RPUSH", "list", "x");
    const write = { value: Buffer.from("mine"), ttlMs: Number.POSITIVE_INFINITY, tags: [] };
    expect(await backend.set("list", { ...write, condition: { kind: "absent" } }, {})).toMatchObject({ stored: false });
    expect(await backend.commit([{ key: "list", version: 0 }], [{ key: "list", write }], {})).toMatchObject({
      committed: false,
    });
    expect(await raw.send("TYPE", "list")).toContain("list");
    await backend.close();
  });
});
