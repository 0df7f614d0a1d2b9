import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../scripts/servers/start-redis-cluster.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";

let cluster: RedisCluster;
let cache: Cache;

beforeAll(async () => {
  cluster = await startRedisCluster({ replicaCount: 0 });
  cache = createCache({ backend: "redis", redis: { addresses: cluster.addresses, cluster: { enabled: true } } });
});
afterAll(async () => {
  await cache.close();
  await cluster.stop();
});

it("clears a namespace while slots of it are on their way to another node", async () => {
  const view = cache.namespace("moving");
  const items = Array.from({ length: 50 }, (_, index) => [`key ${index}`, index] as const);
  await view.setMulti(items);
  const [from, to] = cluster.nodes as [RedisClusterNode, RedisClusterNode];
  // Where the namespace has entries, so that all keys of the slot that the clear concerns are there; else it has to wait for the end.
  const keys = (await from.call("KEYS", "*:*moving*")) as readonly string[];
  const slots = new Set(await Promise.all(keys.map((key) => from.call("CLUSTER", "KEYSLOT", key))));
  const migrations = await Promise.all([...slots].map((slot) => cluster.beginMigration(Number(slot), from, to)));
  expect(migrations.length).toBeGreaterThan(5);
  await view.clear();
  expect((await view.getMulti(items.map(([key]) => key))).size).toBe(0);
  for (const migration of migrations) await migration.finish();
  expect((await view.getMulti(items.map(([key]) => key))).size).toBe(0);
  await view.setMulti(items);
  expect((await view.getMulti(items.map(([key]) => key))).size).toBe(items.length);
});
