import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";

const open: Cache[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((cache) => cache.close()));
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startFleet(size: number, maxStaleness = "300ms"): Promise<Cache[]> {
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const peers = ports.map((port) => `127.0.0.1:${port}`);
  const caches = ports.map((port) =>
    createCache({ backend: "memory", distributed: true, grpc: { port, peers }, consistency: { maxStaleness } }),
  );
  open.push(...caches);
  await Promise.all(caches.map((cache) => cache.ready()));
  return caches;
}

test("what one node writes the other reads, whoever owns the key", async () => {
  const [first, second] = (await startFleet(2)) as [Cache, Cache];
  const keys = Array.from({ length: 50 }, (_, index) => `key:${index}`);
  for (const key of keys) await first.set(key, { key }, "1m");
  for (const key of keys) expect(await second.get(key)).toEqual({ key });
  expect(await second.delete("key:7")).toBe(true);
  // Another process may have a copy until it is told.
  await expect.poll(() => first.get("key:7")).toBeUndefined();
  expect(await first.increment("n", 2)).toBe(2);
  expect(await second.increment("n", 3)).toBe(5);
});

test("copies end when another node writes, invalidates a tag or clears, and an acknowledged write says so", async () => {
  const [first, second] = (await startFleet(2, "2s")) as [Cache, Cache];
  const keys = Array.from({ length: 20 }, (_, index) => `key:${index}`);
  for (const key of keys) await first.set(key, 1, { ttl: "1m", tags: ["t"] });
  for (const key of keys) await expect.poll(async () => [await second.get(key), second.peek(key)]).toEqual([1, 1]);
  const receipt = await first.set("key:0", 2, { tags: ["t"], ack: "all" });
  expect(receipt.coherent).toBe(true);
  expect(second.peek("key:0")).not.toBe(1);
  expect(await second.get("key:0")).toBe(2);
  await first.invalidateTags(["t"]);
  for (const key of keys) await expect.poll(() => second.get(key)).toBeUndefined();
  await second.set("a", 1);
  await first.get("a");
  await second.clear();
  await expect.poll(() => first.get("a")).toBeUndefined();
});

test("transactions need one owner, and say so; locks and conditions hold between nodes", async () => {
  const [first, second] = (await startFleet(2)) as [Cache, Cache];
  await first.transaction(["{u}:a", "{u}:b"], async (tx) => {
    tx.set("{u}:a", 1);
    tx.set("{u}:b", 2);
  });
  expect(await second.get("{u}:b")).toBe(2);
  const spread = Array.from({ length: 8 }, (_, index) => `spread:${index}`);
  await expect(
    first.transaction(spread, async (tx) => {
      for (const key of spread) tx.set(key, 1);
    }),
  ).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
  expect(await first.setNX("once", 1)).toBe(true);
  expect(await second.setNX("once", 2)).toBe(false);
  const lock = await first.lock("l", { ttl: "5s" });
  await expect(second.lock("l", { ttl: "5s", wait: 0 })).rejects.toMatchObject({ code: "GCX_LOCK_NOT_ACQUIRED" });
  await lock.release();
  const next = await second.lock("l", { ttl: "5s" });
  expect(next.token).toBeGreaterThan(lock.token);
  await next.release();
  expect((await first.health()).status).toBe("up");
});
