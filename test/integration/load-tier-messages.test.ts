import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { LoadLease, LoadTier } from "../../src/backend/load-tier.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";
import { watchUntilHeard, watchWakes } from "./support/watch-wakes.ts";

const CONTEXT = {};
const REQUEST = { tokenMs: 30_000 };
const WRITE = { value: Buffer.from("v"), ttlMs: 60_000, tags: [] };

describe("what Redis tells to who waits for a load", () => {
  let server: TestServer;
  let proxy: FaultProxy;
  /** Writes past the proxy. */
  let writer: OpenRedisBackend;
  /** Watches through it. */
  let watcher: OpenRedisBackend;
  let key: string;
  let keyCount = 0;

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startFaultProxy({ target: server });
    writer = await openRedisBackend(standalone(server));
  });
  afterAll(async () => {
    await writer?.close();
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    keyCount += 1;
    key = `@messages:key ${keyCount}`;
    watcher = await openRedisBackend(standalone(proxy), "coherent", { readTimeoutMs: 300, maxRetries: 0 });
  });
  afterEach(async () => {
    proxy.heal();
    await watcher.close();
  });

  const tierOf = (backend: OpenRedisBackend): LoadTier => backend.loadTier as LoadTier;
  const touch = async (of: string): Promise<unknown> => writer.set(of, WRITE, CONTEXT);
  const subscriberCount = async (): Promise<number> =>
    Number(/gcx:changes\r\n:(\d+)/.exec(await askServer(server, "PUBSUB NUMSUB gcx:changes\r\n"))?.[1]);
  const callCount = async (command: string): Promise<number> =>
    Number(
      new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await askServer(server, "INFO commandstats\r\n"))?.[1] ?? 0,
    );

  it("comes over one connection, which is opened for the first watch and ends with the store", async () => {
    expect(await subscriberCount()).toBe(0);
    const watches = await Promise.all(
      Array.from({ length: 20 }, (_, index) => watchUntilHeard(tierOf(watcher), `${key} ${index}`, touch)),
    );
    expect(await subscriberCount()).toBe(1);
    for (const watch of watches) watch.stop();
    expect(await subscriberCount()).toBe(1);
    await watcher.close();
    await expect.poll(subscriberCount).toBe(0);
  });

  it("keeps no process alive", async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const direct = await openRedisBackend(standalone(server));
    try {
      const before = sockets();
      const wakes = await watchUntilHeard(tierOf(direct), key, touch);
      // None more: one of another test may have ended meanwhile.
      expect(sockets()).toBeLessThanOrEqual(before);
      expect(await subscriberCount()).toBe(1);
      wakes.stop();
    } finally {
      await direct.close();
    }
  });

  it("is made up for when the subscription was lost: all are told, and what happens afterwards too", async () => {
    // A loss is noticed by itself, and not when the server is asked the next time.
    await watcher.close();
    watcher = await openRedisBackend(standalone(proxy), "coherent", { readTimeoutMs: 1_000_000 });
    const wakes = await watchUntilHeard(tierOf(watcher), key, touch);
    const lost = wakes.next();
    proxy.resetAll();
    await lost;
    await wakes.next();
    const written = wakes.next();
    await touch(key);
    await written;
    wakes.stop();
  });

  it("is made up for when the server was away for a while", async () => {
    const wakes = await watchUntilHeard(tierOf(watcher), key, touch);
    const lost = wakes.next();
    await proxy.goDown();
    await lost;
    await touch(key);
    const back = wakes.next();
    await proxy.comeUp();
    await back;
    const written = wakes.next();
    await touch(key);
    await written;
    wakes.stop();
  });

  it("is made up for when the link was silent", async () => {
    const wakes = await watchUntilHeard(tierOf(watcher), key, touch);
    proxy.set({ blackHolesReplies: true });
    const found = wakes.next();
    await touch(key);
    await found;
    proxy.set({ blackHolesReplies: false });
    await wakes.next();
    wakes.stop();
  });

  it("ends with bytes that are no replies, and comes back", async () => {
    const wakes = await watchUntilHeard(tierOf(watcher), key, touch);
    const broken = wakes.next();
    proxy.set({ replacesReplies: true });
    await touch(key);
    await broken;
    proxy.set({ replacesReplies: false });
    await wakes.next();
    const written = wakes.next();
    await touch(key);
    await written;
    wakes.stop();
  });

  it("holds nothing up where the account may not subscribe: who waits asks by itself", async () => {
    await askServer(server, "ACL SETUSER mute on nopass ~* +@all -subscribe &*\r\n");
    const credentials = { username: "mute", password: "any" };
    const notices: unknown[] = [];
    const mute = await openRedisBackend(standalone(server), "coherent", { credentials }, (notice) =>
      notices.push(notice),
    );
    try {
      const wakes = watchWakes(tierOf(mute), key);
      await expect
        .poll(() => notices)
        .toContainEqual(expect.objectContaining({ kind: "warning", message: expect.stringContaining("+subscribe") }));
      expect((await tierOf(mute).getOrLease(key, REQUEST, CONTEXT)).kind).toBe("token");
      expect(wakes.count()).toBe(0);
      wakes.stop();
    } finally {
      await mute.close();
    }
  });

  it("costs loads nothing: those of one turn share a read and a script, and their results a script", async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `${key} ${index}`);
    const lease = (): Promise<LoadLease[]> =>
      Promise.all(keys.map((each) => tierOf(writer).getOrLease(each, REQUEST, CONTEXT)));
    await lease();
    await writer.deleteMulti(keys, CONTEXT);
    const counts = async (): Promise<number[]> => [await callCount("mget"), await callCount("evalsha")];
    const before = await counts();
    const leases = await lease();
    const between = await counts();
    await Promise.all(
      leases.map((each, index) => {
        if (each.kind !== "token") throw new Error(each.kind);
        return tierOf(writer).fill(keys[index] as string, { token: each.token, write: WRITE }, CONTEXT);
      }),
    );
    const after = await counts();
    const difference = (a: readonly number[], b: readonly number[]): number[] =>
      b.map((count, at) => count - (a[at] ?? 0));
    expect([difference(before, between), difference(between, after)]).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });
});
