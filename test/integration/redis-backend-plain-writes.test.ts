import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { type RedisCluster, startRedisCluster } from "../../scripts/servers/start-redis-cluster.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { EntryWrite, WriteResult } from "../../src/backend/stored-entry.ts";
import { OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { clusterOf, type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const LARGE = "x".repeat(2_000);
const COUNT = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: MIN_COUNTER, maximum: MAX_COUNTER };

function write(text: string, ttlMs: number = Number.POSITIVE_INFINITY): EntryWrite {
  return { value: Buffer.from(text), ttlMs, tags: [] };
}

function textOf(entry: { readonly value: unknown } | undefined): string | undefined {
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

describe("small writes of one turn in the plain mode", () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let raw: RawRedis;
  let backend: OpenRedisBackend;

  beforeAll(async () => {
    server = await startRedis({ args: ["--maxmemory-policy", "noeviction"] });
    proxy = await startFaultProxy({ target: server });
    raw = openRawRedis(server);
  });
  beforeEach(async () => {
    backend = await openRedisBackend(standalone(proxy), "plain", { poolSize: 1 });
    await raw.send("CONFIG", "RESETSTAT");
  });
  afterEach(async () => {
    proxy.heal();
    await backend.close();
    await raw.send("CONFIG", "SET", "maxmemory", "0");
    await raw.send("FLUSHALL");
  });
  afterAll(async () => {
    raw.close();
    await proxy.stop();
    await server.stop();
  });

  /** Writes that no other key of a test meets. */
  function others(count: number): Promise<PromiseSettledResult<WriteResult>[]> {
    return Promise.allSettled(
      Array.from({ length: count }, (_, index) => backend.set(`other ${index}`, write(`${index}`), CONTEXT)),
    );
  }

  async function callsOf(command: string): Promise<number> {
    const stats = await raw.send("INFO", "commandstats");
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  const textAt = async (key: string): Promise<string | undefined> => textOf(await backend.get(key, CONTEXT));

  it("share a call but for the first few, and each is stored", async () => {
    const outcomes = await others(300);
    expect(outcomes.every(({ status }) => status === "fulfilled")).toBe(true);
    expect([await callsOf("set"), await callsOf("mset")]).toEqual([8, 3]);
    const found = await backend.getMulti(["other 0", "other 8", "other 150", "other 299"], CONTEXT);
    expect(found.map(textOf)).toEqual(["0", "8", "150", "299"]);
    // A turn that follows a full one collects from its first write on.
    await others(100);
    expect([await callsOf("set"), await callsOf("mset")]).toEqual([8, 4]);
  });

  it("stay single commands with a TTL, large, or few", async () => {
    await others(100);
    await raw.send("CONFIG", "RESETSTAT");
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => backend.set(`ttl ${index}`, write("v", 60_000), CONTEXT)),
    );
    await Promise.all(Array.from({ length: 50 }, (_, index) => backend.set(`large ${index}`, write(LARGE), CONTEXT)));
    await Promise.all(Array.from({ length: 5 }, (_, index) => backend.set(`few ${index}`, write("v"), CONTEXT)));
    expect([await callsOf("set"), await callsOf("mset")]).toEqual([105, 0]);
    expect(await raw.send("PTTL", "ttl 49")).toMatch(/^:[1-6]\d{4}\r\n/);
    expect(await raw.send("PTTL", "few 4")).toBe(":-1\r\n");
  });

  it("are shared by a batch", async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => [`key ${index}`, write(`${index}`)] as const);
    expect(await backend.setMulti(items, CONTEXT)).toHaveLength(1_000);
    expect(await callsOf("set")).toBe(8);
    expect(
      (
        await backend.getMulti(
          items.map(([key]) => key),
          CONTEXT,
        )
      ).map(textOf),
    ).toEqual(items.map((_, at) => `${at}`));
  });

  describe("come before what is asked later in the same turn", () => {
    const later: readonly [string, (key: string) => unknown, (seen: unknown) => unknown][] = [
      ["get", (key) => backend.get(key, CONTEXT), (seen) => textOf(seen as EntryWrite)],
      ["get of the value", (key) => backend.get(key, { isValueEnough: true }), (seen) => textOf(seen as EntryWrite)],
      ["getMulti", (key) => backend.getMulti([key], CONTEXT), (seen) => textOf((seen as EntryWrite[])[0])],
      ["delete", (key) => backend.delete(key, CONTEXT), (seen) => seen === true && "7"],
      ["deleteMulti", (key) => backend.deleteMulti([key], CONTEXT), (seen) => seen === 1 && "7"],
      ["expire", (key) => backend.expire(key, 60_000, CONTEXT), (seen) => seen === true && "7"],
      ["expire for ever", (key) => backend.expire(key, Infinity, CONTEXT), (seen) => seen === true && "7"],
      [
        "increment",
        (key) => backend.increment(key, { ...COUNT, delta: 0n }, CONTEXT),
        (seen) => String((seen as { value: bigint }).value),
      ],
      [
        "set if absent",
        (key) => backend.set(key, { ...write("8"), condition: { kind: "absent" } }, CONTEXT),
        (seen) => !(seen as WriteResult).stored && "7",
      ],
      [
        "set for the previous",
        (key) => backend.set(key, { ...write("8"), returnPrevious: true }, CONTEXT),
        (seen) => textOf((seen as WriteResult).previous),
      ],
      [
        "transaction",
        (key) => backend.commit([{ key, version: 0 }], [{ key, write: write("8") }], CONTEXT),
        (seen) => !(seen as { committed: boolean }).committed && "7",
      ],
      [
        "scan",
        async (key) => {
          const found: string[] = [];
          for await (const slice of backend.scan(key, CONTEXT)) found.push(...slice);
          return found;
        },
        (seen) => (seen as string[]).length === 1 && "7",
      ],
    ];

    it.each(later)("%s", async (_, ask, whatWasSeen) => {
      await others(100);
      // The reads of this turn are planned before its first write.
      const reads = [backend.get("a", CONTEXT), backend.get("b", { isValueEnough: true })];
      const before = others(20);
      const writing = backend.set("seven", write("7"), CONTEXT);
      const seen = ask("seven");
      await Promise.all([...reads, before, writing]);
      expect(whatWasSeen(await seen)).toBe("7");
    });

    it("another write of the same key, of whatever kind", async () => {
      await others(100);
      const kinds = [write("small"), write(LARGE), write("timed", 60_000)];
      const last: unknown[] = [];
      for (const [first, one] of kinds.entries()) {
        for (const [second, two] of kinds.entries()) {
          const key = `key ${first} ${second}`;
          last.push(others(10), backend.set(key, one, CONTEXT), others(10), backend.set(key, two, CONTEXT), others(10));
        }
      }
      await Promise.all(last);
      for (const first of [0, 1, 2]) {
        expect(await Promise.all([0, 1, 2].map((second) => textAt(`key ${first} ${second}`)))).toEqual([
          "small",
          LARGE,
          "timed",
        ]);
      }
      expect(await raw.send("PTTL", "key 2 0"), "no TTL is left of the first").toBe(":-1\r\n");
    });

    it("what takes the key away and writes it again", async () => {
      await others(100);
      const outcomes = Promise.all([
        backend.set("a", write("1"), CONTEXT),
        backend.delete("a", CONTEXT),
        backend.set("a", write("2"), CONTEXT),
        backend.delete("a", CONTEXT),
        backend.set("b", write("1"), CONTEXT),
        backend.delete("b", CONTEXT),
        backend.set("b", write("2"), CONTEXT),
      ]);
      expect((await outcomes).map((outcome) => (typeof outcome === "boolean" ? outcome : "set"))).toEqual([
        ...["set", true, "set", true],
        ...["set", true, "set"],
      ]);
      expect([await textAt("a"), await textAt("b")]).toEqual([undefined, "2"]);
    });
  });

  it("fail all together when the memory is full, and none of them is stored", async () => {
    await others(100);
    await raw.send("FLUSHALL");
    await raw.send("CONFIG", "SET", "maxmemory", "1");
    const outcomes = await others(40);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "GCX_BACKEND_FAILED", operation: "set", message: expect.stringMatching(/maxmemory/) },
      });
    }
    expect(await raw.send("DBSIZE")).toBe(":0\r\n");
    expect(await raw.send("INFO", "errorstats"), "none was sent again").toMatch(/errorstat_OOM:count=1\r\n/);
    await raw.send("CONFIG", "SET", "maxmemory", "0");
    expect((await others(40)).every(({ status }) => status === "fulfilled")).toBe(true);
  });

  it("are unknown to each of their callers when the connection breaks after they left", async () => {
    await others(100);
    proxy.set({ blackHolesReplies: true });
    const writing = others(30);
    const batch = Promise.allSettled([backend.setMulti([["of a batch", write("v")]], CONTEXT)]);
    await untilStored("other 29");
    await untilStored("of a batch");
    proxy.heal();
    proxy.resetAll();
    for (const outcome of await writing) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(OutcomeUnknownError) });
    }
    expect(await batch).toMatchObject([{ reason: { code: "GCX_BACKEND_OUTCOME_UNKNOWN", operation: "setMulti" } }]);
  });

  async function untilStored(key: string): Promise<void> {
    while ((await raw.send("EXISTS", key)) !== ":1\r\n");
  }

  it("are not sent for callers that left before the turn ended", async () => {
    await others(100);
    const leaving = new AbortController();
    const left = Array.from({ length: 10 }, (_, index) =>
      backend.set(`left ${index}`, write("v"), { signal: leaving.signal }),
    );
    const staying = others(20);
    leaving.abort(new Error("gone"));
    for (const outcome of await Promise.allSettled(left)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "gone" } });
    }
    expect((await staying).every(({ status }) => status === "fulfilled")).toBe(true);
    expect(await raw.send("EXISTS", "left 0", "left 9")).toBe(":0\r\n");
  });

  it("settle when the store is closed in the same turn", async () => {
    await others(100);
    const writing = others(30);
    const closing = backend.close();
    const outcomes = await writing;
    await closing;
    expect(new Set(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.code)).size).toBe(1);
  });

  describe("for an account with few rights", () => {
    const open = (username: string): Promise<OpenRedisBackend> =>
      openRedisBackend(standalone(server), "plain", { credentials: { username, password: "secret" } });

    it("are stored one by one where it may not use the shared command", async () => {
      await raw.send("ACL", "SETUSER", "single", "reset", "on", ">secret", "~*", "&*", "+@all", "-mset");
      const limited = await open("single");
      const write100 = (): Promise<unknown> =>
        Promise.all(Array.from({ length: 100 }, (_, index) => limited.set(`key ${index}`, write(`${index}`), CONTEXT)));
      await write100();
      expect(textOf(await limited.get("key 99", CONTEXT))).toBe("99");
      await write100();
      expect(await raw.send("INFO", "commandstats")).toMatch(/cmdstat_mset:calls=0,.*rejected_calls=1,/);
      await limited.close();
    });

    it("fail alone where it may not use a key", async () => {
      await raw.send("ACL", "SETUSER", "narrow", "reset", "on", ">secret", "~mine:*", "~{gcx:*", "&*", "+@all");
      const limited = await open("narrow");
      const keys = Array.from({ length: 50 }, (_, index) => (index === 30 ? "yours" : `mine:${index}`));
      const outcomes = await Promise.allSettled(keys.map((key) => limited.set(key, write(key), CONTEXT)));
      expect(outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([30]);
      expect(outcomes[30]).toMatchObject({ reason: { message: expect.stringMatching(/permission/) } });
      expect(await raw.send("GET", "mine:49")).toBe("$7\r\nmine:49\r\n");
      await limited.close();
    });
  });
});

describe("small writes of one turn to a cluster in the plain mode", () => {
  let cluster: RedisCluster;
  let backend: OpenRedisBackend;

  beforeAll(async () => {
    cluster = await startRedisCluster({ replicaCount: 0 });
    backend = await openRedisBackend(clusterOf(cluster.addresses), "plain");
  });
  afterAll(async () => {
    await backend.close();
    await cluster.stop();
  });

  async function setAll(keys: readonly string[], text: string): Promise<void> {
    await Promise.all(keys.map((key) => backend.set(key, write(text), CONTEXT)));
    expect(new Set((await backend.getMulti(keys, CONTEXT)).map(textOf))).toEqual(new Set([text]));
  }

  it("share a call for each slot", async () => {
    const keys = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? `key ${index}` : `{tag ${index % 3}} ${index}`,
    );
    await setAll(keys, "first");
    await setAll(keys, "second");
    const stats = await Promise.all(cluster.nodes.map((node) => node.call("INFO", "commandstats")));
    const calls = stats.map((text) => Number(/cmdstat_mset:calls=(\d+)/.exec(String(text))?.[1] ?? 0));
    expect(calls.reduce((sum, count) => sum + count)).toBe(4);
  });

  it("are stored one by one while their slot is on its way to another node", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `{moving} ${index}`);
    await setAll(keys.slice(0, 20), "before");
    const slot = Number(
      await (cluster.nodes[0] as RedisCluster["nodes"][number]).call("CLUSTER", "KEYSLOT", "{moving}"),
    );
    const counts = await Promise.all(
      cluster.nodes.map((node) => node.call("CLUSTER", "COUNTKEYSINSLOT", String(slot))),
    );
    const from = cluster.nodes[counts.findIndex((count) => Number(count) > 0)] as RedisCluster["nodes"][number];
    const to = cluster.nodes.find((node) => node !== from) as RedisCluster["nodes"][number];
    const migration = await cluster.beginMigration(slot, from, to);
    // Half of the keys are at the one node, those that are new belong to the other.
    await Promise.all(keys.map((key) => backend.set(key, write("meanwhile"), CONTEXT)));
    await migration.finish();
    expect(new Set((await backend.getMulti(keys, CONTEXT)).map(textOf))).toEqual(new Set(["meanwhile"]));
  });
});
