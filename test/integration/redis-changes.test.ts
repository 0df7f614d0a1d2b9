import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { SharedTier } from "../../src/backend/shared-tier.ts";
import type { CoherenceMessage } from "../../src/coherence/coherence-message.ts";
import { systemClock } from "../../src/foundation/clock.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import { systemScheduler } from "../../src/foundation/scheduler.ts";
import { MailTransport } from "../../src/transports/mail-transport.ts";
import { type HeardChanges, hearStore } from "./support/heard-changes.ts";
import { clusterOf, type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";
import { startRedisCluster } from "./support/redis-cluster.ts";

const CONTEXT = {};
const TAGS = ["red", "green", "\ud800", "blue"];
const LARGE = Buffer.alloc(4_096, 1);

const pick = <Item>(random: RandomSource, items: readonly Item[]): Item =>
  items[Math.floor(random.next() * items.length)] as Item;

/** One of all changes that a store knows, with a key out of thirty. Failures are part of it. */
async function changeSomething(backend: OpenRedisBackend, random: RandomSource): Promise<void> {
  const key = pick(random, ["a", "@shop:", "\udfff", "@shop/eu:x"]) + Math.floor(random.next() * 8);
  const tags = random.next() < 0.5 ? [pick(random, TAGS)] : [];
  const write = { value: random.next() < 0.2 ? LARGE : Buffer.from("v"), ttlMs: 60_000, tags };
  const count = { delta: 1n, initial: 0n, ttlMs: 60_000, minimum: 0n, maximum: 5n };
  const tier = backend.sharedTier;
  const operations: (() => unknown)[] = [
    () => backend.set(key, write, CONTEXT),
    () => backend.set(key, { ...write, condition: { kind: "absent" } }, CONTEXT),
    () =>
      backend.setMulti(
        [0, 1, 2].map((at) => [`${key}{${at}}`, write] as const),
        CONTEXT,
      ),
    () => backend.delete(key, CONTEXT),
    () => backend.expire(key, 50_000, CONTEXT),
    () => backend.increment(`n${key}`, count, CONTEXT),
    () => backend.increment(key, count, CONTEXT),
    () => backend.invalidateTags([pick(random, TAGS), pick(random, TAGS)], CONTEXT),
    () => backend.stamp(CONTEXT),
    () => backend.clear(pick(random, ["shop", "shop/eu"]), CONTEXT),
    () => tier.invalidate([key], CONTEXT),
    async () => {
      const lease = await tier.getOrLease(key, { tokenMs: 5_000 }, CONTEXT);
      if (lease.kind !== "token") return;
      if (random.next() < 0.3) await tier.release(key, lease.token, CONTEXT);
      else await tier.fill(key, { token: lease.token, write }, CONTEXT);
    },
    () =>
      backend.commit(
        [{ key: `${key}{c}`, version: 0 }],
        [
          { key: `${key}{c}`, write },
          { key: `other{c}`, write: undefined },
        ],
        CONTEXT,
      ),
  ];
  await pick(random, operations)();
}

/** Random changes by several processes at once. @returns how many the server had no room for; those that mean nothing (a text that is counted) are part of it all */
async function burst(backends: readonly OpenRedisBackend[], seed: number, count: number): Promise<number> {
  const random = createSeededRandom(seed);
  let refusedCount = 0;
  for (let round = 0; round < count / 20; round += 1) {
    const changes = Array.from({ length: 20 }, () => changeSomething(pick(random, backends), random));
    for (const result of await Promise.allSettled(changes)) {
      if (result.status === "rejected" && String(result.reason).includes("memory is full")) refusedCount += 1;
    }
  }
  return refusedCount;
}

const TOPOLOGIES = ["standalone", "cluster"] as const;

describe.each(TOPOLOGIES)("what Redis tells of changes, %s", (kind) => {
  let askAll: (question: string) => Promise<readonly string[]>;
  let stopServers: () => Promise<unknown>;
  let backends: OpenRedisBackend[] = [];
  let tier: SharedTier;
  let heard: HeardChanges;

  beforeAll(async () => {
    if (kind === "cluster") {
      const cluster = await startRedisCluster();
      [askAll, stopServers] = [cluster.askAll, cluster.stop];
      backends = await Promise.all([0, 1].map(() => openRedisBackend(clusterOf(cluster.addresses))));
    } else {
      const server = await startRedis();
      [askAll, stopServers] = [async (question) => [await askServer(server, question)], () => server.stop()];
      backends = await Promise.all([0, 1].map(() => openRedisBackend(standalone(server))));
    }
    tier = (backends[0] as OpenRedisBackend).sharedTier;
    // Clocks and heads that are made anew join nothing: what follows them does.
    await (backends[0] as OpenRedisBackend).invalidateTags(["first"], CONTEXT);
    await (backends[0] as OpenRedisBackend).clear("", CONTEXT);
    heard = await hearStore(tier);
  }, 30_000);
  afterAll(async () => {
    heard?.stop();
    await Promise.all(backends.map((backend) => backend.close()));
    await stopServers?.();
  });

  const nothingOwed = (): Promise<void> => expect.poll(() => heard.owed(), { timeout: 5_000 }).toEqual([]);

  it("leaves nothing out, whatever is changed and whoever does it", async () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(await burst(backends, seed, 200)).toBe(0);
      await nothingOwed();
    }
    const kinds = new Set(heard.changes.map((change) => change.kind));
    expect(kinds).toEqual(new Set(["change", "tags", "clear"]));
  });

  it("leaves nothing out where items fail because the server is full", async () => {
    try {
      await askAll("CONFIG SET maxmemory 1\r\n");
      expect(await burst(backends, 5, 200)).toBeGreaterThan(10);
      await nothingOwed();
    } finally {
      await askAll("CONFIG SET maxmemory 0\r\n");
    }
    expect(await burst(backends, 6, 100)).toBe(0);
    await nothingOwed();
  });

  it("shows by the heads that one message was lost, of keys, of tags and of a clear", async () => {
    const backend = backends[1] as OpenRedisBackend;
    const cases: [CoherenceMessage["kind"], number, () => Promise<unknown>][] = [
      ["change", tier.shardOf("lost"), async () => backend.delete("lost", CONTEXT)],
      ["tags", tier.shardCount, async () => backend.invalidateTags(["lost"], CONTEXT)],
      ["clear", 7, async () => backend.clear("lost", CONTEXT)],
    ];
    for (const [lost, place, change] of cases) {
      let isGone = false;
      heard.withhold((told) => {
        const isLost =
          !isGone && told.kind === lost && (told.kind !== "clear" || told.heads.some(({ shard }) => shard === 7));
        if (isLost) isGone = true;
        return isLost;
      });
      await change();
      await expect.poll(() => isGone).toBe(true);
      // Also where others come after it.
      await change();
      const owed = await heard.owed();
      expect(owed).toContain(place);
      for (const shard of owed) heard.table.settle(shard);
      await nothingOwed();
    }
  });

  it("does not move the clock of tags by stamps, which refuse what is invalidated after them all the same", async () => {
    const backend = backends[1] as OpenRedisBackend;
    const clock = async (): Promise<number> => (await tier.heads({ shards: [] }, CONTEXT)).tagHead;
    const before = await clock();
    const stamp = await backend.stamp(CONTEXT);
    expect([await clock(), await backend.stamp(CONTEXT)]).toEqual([before, stamp]);
    const write = { value: Buffer.from("v"), ttlMs: 60_000, tags: ["stamped"], tagsUnchangedSince: stamp };
    expect((await backend.set("stamped", write, CONTEXT)).stored).toBe(true);
    await backend.invalidateTags(["stamped"], CONTEXT);
    expect((await backend.set("stamped", write, CONTEXT)).stored).toBe(false);
    const later = { ...write, tagsUnchangedSince: await backend.stamp(CONTEXT) };
    expect((await backend.set("stamped", later, CONTEXT)).stored).toBe(true);
    await nothingOwed();
  });

  it("carries letters, by which a node is asked and answers", async () => {
    const transports = backends.map(
      ({ sharedTier }, index) =>
        new MailTransport({
          ...{ name: "redis", storeName: "redis", store: sharedTier, nodeId: `node ${index}` },
          ...{ clock: systemClock, scheduler: systemScheduler },
        }),
    );
    const [asking, answering] = transports as [MailTransport, MailTransport];
    try {
      const acks: unknown[] = [];
      answering.open({
        onMessage: (message, from) => {
          if (message.kind === "ack-ask") answering.send(from as string, { kind: "ack", id: message.id });
        },
        onGap: () => undefined,
      });
      asking.open({
        onMessage: (message, from) => {
          if (from !== undefined) acks.push([message, from]);
        },
        onGap: () => undefined,
      });
      const states = (): string[][] => transports.map((each) => each.peers().map(({ id, state }) => `${id} ${state}`));
      await expect.poll(states).toEqual([["node 1 connected"], ["node 0 connected"]]);
      asking.send("node 1", { kind: "ack-ask", id: 4, key: "\ud800", version: 9 });
      await expect.poll(() => acks).toEqual([[{ kind: "ack", id: 4 }, "node 1"]]);
      answering.close();
      await expect.poll(() => asking.peers()).toEqual([]);
    } finally {
      for (const transport of transports) transport.close();
    }
  });
});

describe("what one Redis tells of changes", () => {
  let server: TestServer;
  let backend: OpenRedisBackend;

  beforeAll(async () => {
    server = await startRedis();
    backend = await openRedisBackend(standalone(server));
  });
  afterAll(async () => {
    await backend?.close();
    await server?.stop();
  });

  it("is told for each database apart, for heads of one mean nothing in another", async () => {
    const other = await openRedisBackend(standalone(server), "coherent", { db: 3 });
    try {
      const [heard, heardThere] = [await hearStore(backend.sharedTier), await hearStore(other.sharedTier)];
      await burst([other], 7, 60);
      await other.clear("", CONTEXT);
      await backend.delete("here", CONTEXT);
      await expect.poll(() => heard.changes).toEqual([expect.objectContaining({ kind: "change", key: "here" })]);
      await expect.poll(() => heardThere.changes.length).toBeGreaterThan(30);
      expect(heardThere.changes).not.toContainEqual(expect.objectContaining({ key: "here" }));
      heard.stop();
      heardThere.stop();
    } finally {
      await other.close();
    }
  });

  it("joins nothing to heads that were lost, so that what came before them is not taken for heard", async () => {
    const heard = await hearStore(backend.sharedTier);
    await backend.delete("head", CONTEXT);
    await expect.poll(() => heard.owed()).toEqual([]);
    await expect.poll(() => heard.changes.length).toBe(1);
    await askServer(server, "DEL {gcx:all}h\r\n");
    await backend.delete("head", CONTEXT);
    await expect.poll(() => heard.changes.at(-1)).toMatchObject({ key: "head", previousHead: undefined });
    expect(await heard.owed()).toContain(backend.sharedTier.shardOf("head"));
    heard.stop();
  });

  it("tells of what a transaction had changed when it failed half way", async () => {
    const heard = await hearStore(backend.sharedTier);
    await askServer(server, "DEL {gcx:tags}c\r\nSET {gcx:tags}c wrong\r\n");
    try {
      const write = { value: Buffer.from("v"), ttlMs: 60_000 };
      const writes = [
        { key: "first", write: { ...write, tags: [] } },
        { key: "second", write: { ...write, tags: ["never seen"] } },
      ];
      await expect(async () => backend.commit([], writes, CONTEXT)).rejects.toThrow();
      expect(await backend.get("first", CONTEXT)).toBeDefined();
      await expect.poll(() => heard.changes).toEqual([expect.objectContaining({ kind: "change", key: "first" })]);
    } finally {
      await askServer(server, "DEL {gcx:tags}c\r\n");
      heard.stop();
    }
  });

  it("is a gap where the server drops a listener that is too slow for it, and goes on", async () => {
    const heard = await hearStore(backend.sharedTier);
    expect(heard.gaps).toEqual([true]);
    try {
      await askServer(server, 'CONFIG SET client-output-buffer-limit "pubsub 1000 0 0"\r\n');
      // One message that is larger than what may wait.
      await backend.delete("x".repeat(100_000), CONTEXT);
      await expect.poll(() => heard.gaps.slice(0, 2), { timeout: 5_000 }).toEqual([true, false]);
    } finally {
      await askServer(server, 'CONFIG SET client-output-buffer-limit "pubsub 33554432 8388608 60"\r\n');
    }
    await expect.poll(() => heard.gaps.at(-1), { timeout: 5_000 }).toBe(true);
    await backend.delete("after", CONTEXT);
    await expect.poll(() => heard.changes.at(-1)).toMatchObject({ key: "after" });
    heard.stop();
  });
});
