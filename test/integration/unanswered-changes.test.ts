import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

interface SharedStore {
  readonly name: string;
  readonly start: () => Promise<TestServer>;
  readonly config: (address: string) => CacheConfig;
}

/** The stores have more time than the cache: so it is the cache that gives up, and the store's own answer is not there when it does. */
const STORES: readonly SharedStore[] = [
  {
    name: "redis",
    start: startRedis,
    config: (address) => ({
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis: { addresses: [address] },
    }),
  },
  {
    name: "memcached",
    start: startMemcached,
    config: (address) => ({
      tiers: [{ backend: "memory" }, { backend: "memcached" }],
      memcached: { servers: [address], timeout: "20s" },
    }),
  },
];

type Change = (cache: Cache) => Promise<unknown>;

const CHANGES: ReadonlyArray<readonly [name: string, change: Change]> = [
  ["a set", (cache) => cache.set("k", "new")],
  ["a set of many", (cache) => cache.setMulti([["k", "new"]])],
  ["a delete", (cache) => cache.delete("k")],
  ["a new end", (cache) => cache.expire("k", "1h")],
  ["an invalidation of its tag", (cache) => cache.invalidateTags(["t"])],
  ["a clear", (cache) => cache.clear()],
];

describe.each(STORES)("copies in front of $name when the answer to a change is not there at the deadline", (store) => {
  let server: TestServer;
  let proxy: FaultProxy;
  let cache: Cache;

  beforeAll(async () => {
    server = await store.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server });
    cache = createCache({
      ...store.config(`127.0.0.1:${proxy.port}`),
      deadlines: { write: "300ms", read: "5s" },
      consistency: { maxStaleness: "30s" },
    });
    await cache.set("k", "old", { tags: ["t"], ttl: "1h" });
    await cache.get("k");
    expect(cache.peek("k")).toBe("old");
  });
  afterEach(async () => {
    proxy.heal();
    await cache.close();
    await proxy.stop();
  });

  it.each(CHANGES)("are gone, whatever becomes of it: %s", async (_, change) => {
    proxy.set({ blackHolesReplies: true });
    await expect(change(cache)).rejects.toThrow(OutcomeUnknownError);
    expect(cache.peek("k")).toBeUndefined();
  });

  it("are gone when a load is given up with its value on the way to the store", async () => {
    const loaded = await cache.getOrSet(
      "k",
      async () => {
        // Between the leave to load and the value somebody reads what is there: a copy of it is kept.
        expect(await cache.get("k")).toBe("old");
        proxy.set({ blackHolesReplies: true });
        return "new";
      },
      { forceFresh: true, hardTimeout: "250ms", tags: ["t"] },
    );
    expect(loaded).toBe("new");
    expect(cache.peek("k")).toBeUndefined();
  });
});
