import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import type { Loader } from "../../src/loading/loader.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";

/** No codec makes it any smaller. */
const LARGE = randomBytes(150_000).toString("base64");
/** What all of a load may send that does not send its value. */
const SMALL_BYTES = 10_000;
const TTL_MS = 60_000;
let keyCount = 0;

describe("notModified over Redis", () => {
  let server: TestServer;
  let raw: RawRedis;
  let one: Cache;
  let other: Cache;
  let key: string;

  beforeAll(async () => {
    server = await startRedis();
    const redis = { addresses: [`${server.host}:${server.port}`] };
    one = createCache({ backend: "redis", redis });
    other = createCache({ backend: "redis", redis });
    raw = openRawRedis(server);
    await Promise.all([one.ready(), other.ready()]);
  });
  afterAll(async () => {
    raw?.close();
    await Promise.all([one?.close(), other?.close()]);
    await server?.stop();
  });
  beforeEach(async () => {
    keyCount += 1;
    key = `page ${keyCount}`;
    // Scripts are sent whole once in a connection's life.
    await other.getOrSet(`${key} first`, () => "v", { ttl: TTL_MS, tags: ["t"] });
    await other.getOrSet(`${key} first`, ({ notModified }) => notModified() as string, { forceFresh: true });
  });

  /** Bytes that the server is sent meanwhile, by all of its clients. */
  async function bytesDuring(work: () => Promise<unknown>): Promise<number> {
    const read = async (): Promise<number> =>
      Number(/total_net_input_bytes:(\d+)/.exec(await raw.send("INFO", "stats"))?.[1]);
    const before = await read();
    await work();
    return (await read()) - before;
  }

  const keep: Loader<string> = ({ notModified }) => notModified();

  it("does not send the value of a live entry again, and gives it its new end", async () => {
    const tags = [`tag of ${key}`];
    expect(await bytesDuring(() => one.set(key, LARGE, { ttl: 5_000, tags }))).toBeGreaterThan(LARGE.length);
    const sent = await bytesDuring(async () => {
      expect(await other.getOrSet(key, keep, { ttl: TTL_MS, forceFresh: true })).toBe(LARGE);
    });
    expect(sent).toBeLessThan(SMALL_BYTES);
    expect(await one.get(key)).toBe(LARGE);
    expect(await one.ttl(key)).toBeGreaterThan(10_000);
    await one.invalidateTags(tags);
    expect(await other.get(key)).toBeUndefined();
  });

  it("does not send the value that stood in again, time after time", async () => {
    const options = { ttl: 30, grace: "1h" } as const;
    await one.getOrSet(key, () => LARGE, options);
    for (let round = 0; round < 3; round += 1) {
      await delay(60);
      const sent = await bytesDuring(async () => {
        expect(await other.getOrSet(key, keep, options)).toBe(LARGE);
      });
      expect(sent).toBeLessThan(SMALL_BYTES);
    }
    await other.getOrSet(key, keep, { ttl: TTL_MS, forceFresh: true });
    expect(await one.get(key)).toBe(LARGE);
  });

  it("sends it with tags that it had not", async () => {
    await one.set(key, LARGE, { ttl: TTL_MS });
    const tags = [`tag of ${key}`];
    const sent = await bytesDuring(() => other.getOrSet(key, keep, { ttl: TTL_MS, tags, forceFresh: true }));
    expect(sent).toBeGreaterThan(LARGE.length);
    await one.invalidateTags(tags);
    expect(await other.get(key)).toBeUndefined();
  });

  it("stores what the loader returned in the place of what it had asked to keep", async () => {
    await one.set(key, "old", { ttl: TTL_MS });
    const change: Loader<string> = ({ notModified }) => `${notModified()} and new`;
    await other.getOrSet(key, change, { ttl: TTL_MS, forceFresh: true });
    expect(await one.get(key)).toBe("old and new");
  });

  it("does not bring back what was deleted while the source was asked", async () => {
    await one.set(key, LARGE, { ttl: TTL_MS });
    const loader: Loader<string> = async ({ notModified }) => {
      await one.delete(key);
      return notModified();
    };
    expect(await other.getOrSet(key, loader, { ttl: TTL_MS, forceFresh: true })).toBe(LARGE);
    expect(await one.get(key)).toBeUndefined();
  });
});
