import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { LoadFill } from "../../src/backend/load-tier.ts";
import type { SharedTier, TierLease } from "../../src/backend/shared-tier.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { clusterOf, type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";
import { startRedisCluster, type TestCluster } from "./support/redis-cluster.ts";
import { startReplyGate } from "./support/reply-gate.ts";

const CONTEXT = {};
const REQUEST = { tokenMs: 30_000 };
let keyCount = 0;

function fillOf(lease: TierLease, text: string, details: Partial<LoadFill["write"]> = {}): LoadFill {
  if (lease.kind !== "token") throw new Error(`The lease is a ${lease.kind}.`);
  return { token: lease.token, write: { value: Buffer.from(text), ttlMs: 60_000, tags: [], ...details } };
}

function textOf(entry: { readonly value: unknown } | undefined): string | undefined {
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

const topologies: {
  name: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  open: () => Promise<OpenRedisBackend>;
}[] = [];
{
  let server: TestServer;
  topologies.push({
    name: "one Redis",
    start: async () => {
      server = await startRedis();
    },
    stop: () => server.stop(),
    open: () => openRedisBackend(standalone(server)),
  });
  let cluster: TestCluster;
  topologies.push({
    name: "a Redis Cluster",
    start: async () => {
      cluster = await startRedisCluster();
    },
    stop: () => cluster.stop(),
    open: () => openRedisBackend(clusterOf(cluster.addresses)),
  });
}

describe.each(topologies)("the shared tier in $name", ({ start, stop, open }) => {
  let backend: OpenRedisBackend;
  let other: OpenRedisBackend;
  let tier: SharedTier;
  let key: string;

  beforeAll(async () => {
    await start();
    backend = await open();
    other = await open();
    tier = backend.sharedTier;
  });
  afterAll(async () => {
    await Promise.all([backend?.close(), other?.close()]);
    await stop();
  });
  beforeEach(() => {
    keyCount += 1;
    key = `@tier:key ${keyCount}`;
  });

  it("gives one of many callers of all clients the token, and tells the others how long it lasts", async () => {
    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? tier : other.sharedTier).getOrLease(key, REQUEST, CONTEXT),
      ),
    );
    expect(leases.filter(({ kind }) => kind === "token")).toHaveLength(1);
    for (const lease of leases) {
      if (lease.kind === "busy") expect(lease.remainingMs).toBeGreaterThan(0);
      if (lease.kind === "busy") expect(lease.remainingMs).toBeLessThanOrEqual(REQUEST.tokenMs);
    }
  });

  it("stores what is filled with the token, and hands it out as a hit", async () => {
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    const filled = await tier.fill(key, fillOf(lease, "loaded"), CONTEXT);
    expect(filled.stored).toBe(true);
    expect(filled.stamp.head).toBe(filled.version);
    const hit = await other.sharedTier.getOrLease(key, REQUEST, CONTEXT);
    expect(hit.kind === "hit" && textOf(hit.entry)).toBe("loaded");
    expect(hit.kind === "hit" && hit.entry.version).toBe(filled.version);
    expect(await tier.fill(key, fillOf(lease, "again"), CONTEXT)).toMatchObject({ stored: false });
  });

  const voiders: readonly [string, (key: string) => unknown][] = [
    ["a delete", (of) => other.delete(of, CONTEXT)],
    ["a delete of many", (of) => other.deleteMulti([of], CONTEXT)],
    ["an invalidation", (of) => other.sharedTier.invalidate([of], CONTEXT)],
    ["an expire to 0", (of) => other.expire(of, 0, CONTEXT)],
    ["a write", (of) => other.set(of, { value: Buffer.from("newer"), ttlMs: 60_000, tags: [] }, CONTEXT)],
    ["a batch", (of) => other.setMulti([[of, { value: Buffer.from("newer"), ttlMs: 60_000, tags: [] }]], CONTEXT)],
    [
      "a write and a delete",
      async (of) => {
        await other.set(of, { value: Buffer.from("newer"), ttlMs: 60_000, tags: [] }, CONTEXT);
        await other.delete(of, CONTEXT);
      },
    ],
    ["a transaction", (of) => other.commit([], [{ key: of, write: undefined }], CONTEXT)],
    [
      "a counter",
      (of) => other.increment(of, { delta: 1n, initial: 0n, ttlMs: 60_000, minimum: -9n, maximum: 9n }, CONTEXT),
    ],
    ["a clear of the namespace", () => other.clear("tier", CONTEXT)],
    ["a clear of everything", () => other.clear("", CONTEXT)],
  ];
  it.each(voiders)("refuses a fill after %s, and keeps what is newer", async (_, voidIt) => {
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    await voidIt(key);
    const before = textOf(await backend.get(key, CONTEXT));
    expect(before).not.toBe("old");
    expect(await tier.fill(key, fillOf(lease, "old"), CONTEXT)).toMatchObject({ stored: false, version: 0 });
    expect(textOf(await backend.get(key, CONTEXT))).toBe(before);
  });

  it("gives a new token at once after an invalidation, and only that one fills", async () => {
    const first = await tier.getOrLease(key, REQUEST, CONTEXT);
    await tier.invalidate([key], CONTEXT);
    const second = await other.sharedTier.getOrLease(key, REQUEST, CONTEXT);
    expect(second.kind).toBe("token");
    expect((await tier.fill(key, fillOf(first, "old"), CONTEXT)).stored).toBe(false);
    expect((await other.sharedTier.fill(key, fillOf(second, "new"), CONTEXT)).stored).toBe(true);
    expect(textOf(await backend.get(key, CONTEXT))).toBe("new");
  });

  it("gives a new token at once after a clear", async () => {
    await tier.getOrLease(key, REQUEST, CONTEXT);
    await other.clear("tier", CONTEXT);
    expect((await tier.getOrLease(key, REQUEST, CONTEXT)).kind).toBe("token");
  });

  it("refuses a fill whose tag was invalidated since the stamp", async () => {
    const since = await backend.stamp(CONTEXT);
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    await other.invalidateTags([`tag of ${key}`], CONTEXT);
    const late = fillOf(lease, "old", { tags: [`tag of ${key}`], tagsUnchangedSince: since });
    expect((await tier.fill(key, late, CONTEXT)).stored).toBe(false);
    expect(await backend.get(key, CONTEXT)).toBeUndefined();
  });

  it("fills with tags that nobody ever used before", async () => {
    const since = await backend.stamp(CONTEXT);
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    const tags = [`unused ${key}`];
    expect((await tier.fill(key, fillOf(lease, "v", { tags, tagsUnchangedSince: since }), CONTEXT)).stored).toBe(true);
    expect((await backend.get(key, CONTEXT))?.tags).toEqual(tags);
  });

  it("lets the next one load at once when a token is given back, and lets nobody give back another's", async () => {
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    expect(await other.sharedTier.release(key, "0123456789abcdef", CONTEXT)).toBe(false);
    expect((await other.sharedTier.getOrLease(key, REQUEST, CONTEXT)).kind).toBe("busy");
    expect(lease.kind === "token" && (await tier.release(key, lease.token, CONTEXT))).toBe(true);
    expect((await other.sharedTier.getOrLease(key, REQUEST, CONTEXT)).kind).toBe("token");
    expect((await tier.fill(key, fillOf(lease, "late"), CONTEXT)).stored).toBe(false);
  });

  it("lets somebody take over when a token's time is over; the late one loses", async () => {
    const dead = await tier.getOrLease(key, { tokenMs: 30 }, CONTEXT);
    await delay(60);
    const heir = await other.sharedTier.getOrLease(key, REQUEST, CONTEXT);
    expect(heir.kind).toBe("token");
    expect((await tier.fill(key, fillOf(dead, "late"), CONTEXT)).stored).toBe(false);
    expect((await other.sharedTier.fill(key, fillOf(heir, "heir"), CONTEXT)).stored).toBe(true);
  });

  it("keeps data beyond its end to stand in, marked as no hit, and hands it to the loader and to who waits", async () => {
    const first = await tier.getOrLease(key, REQUEST, CONTEXT);
    await tier.fill(key, fillOf(first, "old", { ttlMs: 40, staleMs: 60_000 }), CONTEXT);
    await delay(80);
    expect(await backend.get(key, CONTEXT)).toBeUndefined();
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    expect(lease.kind === "token" && textOf(lease.stale)).toBe("old");
    const waiting = await other.sharedTier.getOrLease(key, REQUEST, CONTEXT);
    expect(waiting.kind === "busy" && textOf(waiting.stale)).toBe("old");
    expect((await tier.fill(key, fillOf(lease, "new"), CONTEXT)).stored).toBe(true);
    expect(textOf(await backend.get(key, CONTEXT))).toBe("new");
  });

  it("hands out no stale data after an invalidation of the key, its tag or its namespace", async () => {
    const ends: readonly ((of: string) => unknown)[] = [
      (of) => tier.invalidate([of], CONTEXT),
      (of) => backend.invalidateTags([`tag of ${of}`], CONTEXT),
      () => backend.clear("tier", CONTEXT),
    ];
    for (const [index, end] of ends.entries()) {
      const own = `${key} ${index}`;
      const first = await tier.getOrLease(own, REQUEST, CONTEXT);
      const fill = fillOf(first, "old", { ttlMs: 40, tags: [`tag of ${own}`] });
      await tier.fill(own, { ...fill, write: { ...fill.write, staleMs: 60_000 } }, CONTEXT);
      await delay(60);
      await end(own);
      const lease = await tier.getOrLease(own, REQUEST, CONTEXT);
      expect(lease.kind === "token" && lease.stale).toBeUndefined();
    }
  });

  it("raises the shard's head with every change, and stamps reads with the head of their moment", async () => {
    const shard = tier.shardOf(key);
    const headNow = async (): Promise<number> => (await tier.heads({ shards: [shard] }, CONTEXT)).stamps[0]?.head ?? 0;
    const changes: readonly (() => unknown)[] = [
      () => backend.set(key, { value: Buffer.from("1"), ttlMs: 60_000, tags: [] }, CONTEXT),
      () => backend.expire(key, 50_000, CONTEXT),
      () => backend.delete(key, CONTEXT),
      () => backend.delete(key, CONTEXT),
      () => backend.increment(key, { delta: 1n, initial: 0n, ttlMs: 60_000, minimum: 0n, maximum: 9n }, CONTEXT),
      () => tier.invalidate([key], CONTEXT),
      () => backend.clear("elsewhere", CONTEXT),
    ];
    let before = await headNow();
    for (const change of changes) {
      await change();
      const after = await headNow();
      expect(after).toBeGreaterThan(before);
      before = after;
    }
    const [read] = await tier.read([key], CONTEXT);
    expect(read?.stamp).toMatchObject({ shard, head: before });
  });

  it("raises the head of tags with every invalidation of tags", async () => {
    const before = (await tier.heads({ shards: [] }, CONTEXT)).tagHead;
    await backend.invalidateTags(["any"], CONTEXT);
    expect((await tier.heads({ shards: [] }, CONTEXT)).tagHead).toBeGreaterThan(before);
  });

  it("gives versions by the server's clock, whatever the client's says", async () => {
    const first = await backend.set(key, { value: Buffer.from("1"), ttlMs: 60_000, tags: [] }, CONTEXT);
    const second = await other.set(key, { value: Buffer.from("2"), ttlMs: 60_000, tags: [] }, CONTEXT);
    expect(second.version).toBeGreaterThan(first.version);
    expect(Math.abs(first.version / 1_000 - Date.now())).toBeLessThan(60_000);
  });

  it("keeps a table of nodes whose leases end by themselves", async () => {
    const shards = [0, 63];
    await tier.heads({ shards, node: { id: `long ${key}`, info: "10.0.0.1:1\n", leaseMs: 60_000 } }, CONTEXT);
    await tier.heads({ shards, node: { id: `short ${key}`, info: "", leaseMs: 30 } }, CONTEXT);
    await delay(60);
    const { nodes, ageMs } = await other.sharedTier.nodes(CONTEXT);
    const own = nodes.filter(({ id }) => id.endsWith(key));
    expect(own).toMatchObject([{ id: `long ${key}`, info: "10.0.0.1:1\n" }]);
    expect(own[0]?.remainingMs).toBeGreaterThan(0);
    expect(ageMs).toBeGreaterThanOrEqual(0);
    await other.sharedTier.leave(`long ${key}`, CONTEXT);
    expect((await tier.nodes(CONTEXT)).nodes.filter(({ id }) => id.endsWith(key))).toEqual([]);
  });

  it("gives back cached absence like anything else", async () => {
    const lease = await tier.getOrLease(key, REQUEST, CONTEXT);
    await tier.invalidate([key], CONTEXT);
    expect((await tier.fill(key, fillOf(lease, ""), CONTEXT)).stored).toBe(false);
    const fresh = await tier.getOrLease(key, REQUEST, CONTEXT);
    expect((await tier.fill(key, fillOf(fresh, ""), CONTEXT)).stored).toBe(true);
    expect(textOf(await backend.get(key, CONTEXT))).toBe("");
  });
});

describe("the epoch of the data", () => {
  let server: TestServer;
  let raw: RawRedis;
  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
  });
  afterEach(() => raw.send("FLUSHALL"));
  afterAll(async () => {
    raw.close();
    await server.stop();
  });

  it("is the same for all clients, and another once the data was lost", async () => {
    const first = await openRedisBackend(standalone(server));
    const second = await openRedisBackend(standalone(server));
    expect(second.epoch).toBe(first.epoch);
    const { stamps } = await first.sharedTier.heads({ shards: [5] }, CONTEXT);
    expect(stamps[0]?.epoch).toBe(first.epoch);
    await raw.send("FLUSHALL");
    const after = await first.sharedTier.heads({ shards: [5] }, CONTEXT);
    expect(after.stamps[0]?.epoch).not.toBe(first.epoch);
    const third = await openRedisBackend(standalone(server));
    expect(third.epoch).toBe(after.stamps[0]?.epoch);
    await Promise.all([first.close(), second.close(), third.close()]);
  });

  it("is looked at again when the data and the connection are lost while a store connects", async () => {
    const gate = await startReplyGate(server);
    gate.hold(/PUBLISH/);
    const opening = openRedisBackend(standalone(gate));
    await gate.kept(1);
    await raw.send("FLUSHALL");
    await raw.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await gate.kept(2);
    gate.release();
    const backend = await opening;
    const other = await openRedisBackend(standalone(server));
    await expect.poll(() => backend.epoch).toBe(other.epoch);
    await Promise.all([backend.close(), other.close(), gate.stop()]);
  });
});

describe("a node that proves its copies", () => {
  it("is in the table before the heads are looked at: who changes something in between waits for it, or shows in the heads", async () => {
    const server = await startRedis();
    const gate = await startReplyGate(server);
    const backend = await openRedisBackend(standalone(gate));
    const other = await openRedisBackend(standalone(server));
    const shard = backend.sharedTier.shardOf("k");
    const prove = (id: string) =>
      backend.sharedTier.heads({ shards: [shard], node: { id, info: "", leaseMs: 60_000 } }, CONTEXT);
    // The server knows the scripts.
    await prove("early");
    // Nobody knows of this one; the first answer of the store is long on its way.
    gate.hold(/./s);
    const proving = prove("late");
    await gate.kept(1);
    const { nodes } = await other.sharedTier.nodes(CONTEXT);
    const { version } = await other.set("k", { value: Buffer.from("new"), ttlMs: 60_000, tags: [] }, CONTEXT);
    gate.release();
    const head = (await proving).stamps[0]?.head ?? 0;
    const isWaitedFor = nodes.some(({ id }) => id === "late");
    expect({ isWaitedFor, isShown: head >= version }).toEqual({ isWaitedFor: true, isShown: true });
    await Promise.all([backend.close(), other.close()]);
    await gate.stop();
    await server.stop();
  });
});

describe("a server that comes back without its data", () => {
  it("has another epoch, no leases that stand, and versions that go on", async () => {
    let server = await startRedis();
    const backend = await openRedisBackend(standalone(server), "coherent", { retryBackoff: { minMs: 5, maxMs: 20 } });
    const lease = await backend.sharedTier.getOrLease("a", REQUEST, CONTEXT);
    const written = await backend.set("b", { value: Buffer.from("1"), ttlMs: 60_000, tags: [] }, CONTEXT);
    const { epoch } = backend;
    server.process?.signal("SIGKILL");
    await server.stop();
    server = await startRedis({ port: server.port });
    await expect.poll(() => backend.epoch, { timeout: 15_000 }).not.toBe(epoch);
    expect((await backend.sharedTier.fill("a", fillOf(lease, "old"), CONTEXT)).stored).toBe(false);
    expect((await backend.sharedTier.getOrLease("a", REQUEST, CONTEXT)).kind).toBe("token");
    const again = await backend.set("b", { value: Buffer.from("2"), ttlMs: 60_000, tags: [] }, CONTEXT);
    expect(again.version).toBeGreaterThan(written.version);
    await backend.close();
    await server.stop();
  });
});
