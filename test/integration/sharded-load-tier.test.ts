import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadFillResult, LoadLease, LoadTier } from "../../src/backend/load-tier.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { createRedisBackend } from "../../src/backends/redis/redis-backend.ts";
import { createShardedBackend, type ShardedBackend } from "../../src/sharding/sharded-backend.ts";
import type { ShardedBackendOptions } from "../../src/sharding/sharding-options.ts";
import { platformHost, redisSettings, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const REQUEST = { tokenMs: 30_000 };
const NAMES = ["a", "b", "c"] as const;

describe("loads of a sharded store whose nodes change", () => {
  let servers: TestServer[];
  let opened: ShardedBackend[];

  beforeEach(async () => {
    servers = await Promise.all(NAMES.map(() => startRedis()));
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await Promise.all(servers.map((server) => server.stop()));
  });

  const nodeAt = (name: string): { name: string; backend: Backend } => {
    const settings = redisSettings(standalone(servers[NAMES.indexOf(name as "a")] as TestServer));
    return { name, backend: createRedisBackend({ ...settings, mode: "coherent" }, platformHost()) };
  };
  const open = async (
    names: readonly string[],
    options: Partial<ShardedBackendOptions> = {},
  ): Promise<ShardedBackend & { readonly loadTier: LoadTier }> => {
    const store = createShardedBackend({ ...options, nodes: names.map(nodeAt) });
    opened.push(store);
    await store.connect?.({});
    return store as ShardedBackend & { readonly loadTier: LoadTier };
  };
  const write = (text: string, details: Partial<EntryWrite> = {}): EntryWrite => ({
    value: Buffer.from(text),
    ttlMs: 60_000,
    tags: [],
    ...details,
  });
  const fill = (store: Backend, key: string, lease: LoadLease, text: string): Promise<LoadFillResult> => {
    if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
    return (store.loadTier as LoadTier).fill(key, { token: lease.token, write: write(text) }, CONTEXT);
  };
  const read = async (store: Backend, key: string): Promise<string | undefined> => {
    const entry = await store.get(key, CONTEXT);
    return entry && String(entry.value);
  };
  it("refuses a result whose key moved away and back meanwhile, though the token still stands at its node", async () => {
    const store = await open(["a", "b"]);
    const keys = Array.from({ length: 200 }, (_, number) => `key ${number}`);
    const before = new Map(keys.map((key) => [key, store.nodeOf(key)]));
    const leases = new Map(
      await Promise.all(
        keys.map(async (key) => [key, await store.loadTier.getOrLease(key, REQUEST, CONTEXT)] as const),
      ),
    );
    await store.addNode(nodeAt("c"));
    const moved = keys.filter((key) => store.nodeOf(key) !== before.get(key));
    const key = moved[0] as string;
    expect(await fill(store, key, leases.get(key) as LoadLease, "old")).toEqual({ stored: false, version: 0 });
    expect(await read(store, key)).toBe(undefined);
    // The newest result is stored and deleted at the new node. After that nobody may store an older one.
    expect((await fill(store, key, await store.loadTier.getOrLease(key, REQUEST, CONTEXT), "new")).stored).toBe(true);
    await store.delete(key, CONTEXT);
    await store.removeNode("c");
    expect(store.nodeOf(key)).toBe(before.get(key));
    expect((await fill(store, key, leases.get(key) as LoadLease, "old")).stored).toBe(false);
    expect(await read(store, key)).toBe(undefined);
    expect((await fill(store, key, await store.loadTier.getOrLease(key, REQUEST, CONTEXT), "now")).stored).toBe(true);
  });
});
