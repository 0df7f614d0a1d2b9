import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { openMemcached } from "./support/memcached-target.ts";
import { openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
/** More than the clients keep in their queues. */
const KEY_COUNT = 50_000;
const KEYS = Array.from({ length: KEY_COUNT }, (_, index) => `key ${index}`);
const TIMEOUT_MS = 60_000;

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: 600_000, tags: [], ...details };
}

describe("a batch that is longer than the client's queues", () => {
  let redis: TestServer;
  let memcached: TestServer;

  beforeAll(async () => {
    [redis, memcached] = await Promise.all([startRedis(), startMemcached()]);
  });
  afterAll(() => Promise.all([redis.stop(), memcached.stop()]));

  const stores: readonly (readonly [string, () => Promise<Backend>])[] = [
    ["Redis, plain", () => openRedisBackend(standalone(redis), "plain")],
    ["Memcached, plain", () => openMemcached(memcached, { mode: "plain", timeoutMs: 10_000 })],
    ["Memcached, coherent", () => openMemcached(memcached, { timeoutMs: 10_000 })],
  ];

  it.each(stores)(
    "is written, read and removed, and lets others in meanwhile: %s",
    async (_, open) => {
      const backend = await open();
      const writes = KEYS.map((key) => [key, write(key)] as const);
      const [results, other] = await Promise.all([
        backend.setMulti(writes, CONTEXT),
        backend.set("other", write("other"), CONTEXT),
      ]);
      expect(results).toHaveLength(KEY_COUNT);
      expect(other.stored).toBe(true);
      const entries = await backend.getMulti(KEYS, CONTEXT);
      expect(entries.filter((entry, index) => String(entry?.value) !== KEYS[index])).toEqual([]);
      const [removedCount, entry] = await Promise.all([
        backend.deleteMulti(KEYS, CONTEXT),
        backend.get("other", CONTEXT),
      ]);
      expect(removedCount).toBe(KEY_COUNT);
      expect(String(entry?.value)).toBe("other");
      await backend.close?.();
    },
    TIMEOUT_MS,
  );

  it(
    "is written with the stamp of a load: Memcached",
    async () => {
      const backend = await openMemcached(memcached, { timeoutMs: 10_000 });
      const tagsUnchangedSince = (await backend.stamp?.(CONTEXT)) as number;
      const writes = KEYS.map((key) => [key, write(key, { tags: ["tag"], tagsUnchangedSince })] as const);
      const results = await backend.setMulti(writes, CONTEXT);
      expect(results.filter(({ stored }) => !stored)).toEqual([]);
      await backend.invalidateTags?.(["tag"], CONTEXT);
      expect((await backend.getMulti(KEYS.slice(0, 10), CONTEXT)).filter(Boolean)).toEqual([]);
      await backend.close?.();
    },
    TIMEOUT_MS,
  );
});
