import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { dataKey, shardOfKey } from "../../src/backends/redis/redis-key-layout.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const COUNT = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: MIN_COUNTER, maximum: MAX_COUNTER };

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: Number.POSITIVE_INFINITY, tags: [], ...details };
}

function textOf(entry: { readonly value: unknown } | undefined): string | undefined {
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

async function textAt(backend: OpenRedisBackend, key: string): Promise<string | undefined> {
  return textOf(await backend.get(key, CONTEXT));
}

async function scanAll(backend: OpenRedisBackend, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const slice of backend.scan(prefix, CONTEXT)) found.push(...slice);
  return found.sort();
}

const redisKey = (key: string): string => dataKey(shardOfKey(key), key) as string;

describe("a store in Redis", () => {
  let server: TestServer;
  let raw: RawRedis;
  let backend: OpenRedisBackend;

  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
  });
  beforeEach(async () => {
    backend = await openRedisBackend(standalone(server));
  });
  afterEach(async () => {
    await backend.close();
    await raw.send("FLUSHALL");
  });
  afterAll(async () => {
    raw.close();
    await server.stop();
  });

  describe("where another program left something under a key", () => {
    const foreign: readonly [string, (key: string) => Promise<unknown>][] = [
      ["a text", (key) => raw.send("SET", key, "hello")],
      ["no bytes", (key) => raw.send("SET", key, "")],
      ["half a head", (key) => raw.send("SET", key, Buffer.from([0xc7, 0x58, 1, 0, 0, 0]))],
      [
        "a head of another format",
        (key) => raw.send("SET", key, Buffer.from([0xc7, 0x58, 9, ...new Array(30).fill(0)])),
      ],
      [
        "a head from the far future",
        (key) => raw.send("SET", key, Buffer.from([0xc7, 0x58, 1, 0, ...new Array(30).fill(255)])),
      ],
      [
        "a head of a generation that never was",
        (key) => raw.send("SET", key, Buffer.from([0xc7, 0x58, 1, 0, ...new Array(30).fill(0)])),
      ],
      [
        "a head whose tags are cut off",
        (key) => raw.send("SET", key, Buffer.from([0xc7, 0x58, 1, 0x20, ...new Array(24).fill(0), 0, 0, 9, 9])),
      ],
      ["a list", (key) => raw.send("RPUSH", key, "x")],
      ["a hash", (key) => raw.send("HSET", key, "f", "v")],
    ];

    it.each(foreign)("misses %s, writes over it, counts from nothing, and lists it not", async (_, leave) => {
      for (const name of ["set", "absent", "delete", "expire", "count", "commit", "lease", "scan"])
        await leave(redisKey(name));
      expect(await backend.get("set", CONTEXT)).toBeUndefined();
      expect(await scanAll(backend)).toEqual([]);
      const { version } = await backend.set("set", write("mine"), CONTEXT);
      expect(Math.abs(version / 1_000 - Date.now())).toBeLessThan(60_000);
      expect(await textAt(backend, "set")).toBe("mine");
      const absent = await backend.set(
        "absent",
        write("mine", { condition: { kind: "absent" }, returnPrevious: true }),
        CONTEXT,
      );
      expect(absent).toMatchObject({ stored: true });
      expect(absent.previous).toBeUndefined();
      expect(await backend.delete("delete", CONTEXT)).toBe(false);
      expect(await backend.expire("expire", 1_000, CONTEXT)).toBe(false);
      expect((await backend.increment("count", COUNT, CONTEXT)).value).toBe(1n);
      expect(
        (await backend.commit([{ key: "commit", version: 0 }], [{ key: "commit", write: write("mine") }], CONTEXT))
          .committed,
      ).toBe(true);
      expect((await backend.sharedTier.getOrLease("lease", { tokenMs: 1_000 }, CONTEXT)).kind).toBe("token");
      expect(await scanAll(backend)).toEqual(["absent", "commit", "count", "set"]);
    });

    it("misses a record of which any byte was cut off, and never takes it for another value", async () => {
      await backend.set("a", write("0123456789", { tags: ["t"] }), CONTEXT);
      const whole = Buffer.from(
        (await raw.send("GET", redisKey("a"))).replace(/^\$\d+\r\n/, "").slice(0, -2),
        "latin1",
      );
      for (let length = 0; length < whole.length - 10; length += 1) {
        await raw.send("SET", redisKey("a"), whole.subarray(0, length));
        expect(await backend.get("a", CONTEXT), `${length} bytes`).toBeUndefined();
        expect(await backend.expire("a", 1_000, CONTEXT), `${length} bytes`).toBe(false);
      }
      await raw.send("SET", redisKey("a"), whole);
      expect(await textAt(backend, "a")).toBe("0123456789");
    });

    it("overwrites foreign records of heads, generations, tags and epochs, and works on", async () => {
      await backend.set("@ns:a", write("1", { tags: ["t"] }), CONTEXT);
      for (const key of ["{gcx:all}h", "{gcx:all}g", "{gcx:all}gns", "{gcx:tags}:t"]) {
        await raw.send("DEL", key);
        await raw.send("RPUSH", key, "x");
      }
      const { version } = await backend.set("@ns:a", write("2", { tags: ["t"] }), CONTEXT);
      expect(version).toBeGreaterThan(0);
      expect(await textAt(backend, "@ns:a")).toBe("2");
      expect((await backend.set("@ns:b", write("3"), CONTEXT)).version).toBeGreaterThan(version);
    });

    it("lets the others of a turn succeed when one meets what cannot be counted", async () => {
      await backend.set("text", write("no number"), CONTEXT);
      const [good, bad, also] = await Promise.allSettled([
        backend.increment("n", COUNT, CONTEXT),
        backend.increment("text", COUNT, CONTEXT),
        backend.increment("n", COUNT, CONTEXT),
      ]);
      expect([good.status, bad.status, also.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect((await backend.increment("n", { ...COUNT, delta: 0n }, CONTEXT)).value).toBe(2n);
    });
  });

  it("loads its scripts again after SCRIPT FLUSH, in the middle of everything", async () => {
    const work = Array.from({ length: 300 }, async (_, index) => {
      await backend.set(`k ${index}`, write(`v ${index}`, { tags: ["t"] }), CONTEXT);
      if (index % 50 === 0) await raw.send("SCRIPT", "FLUSH");
      await backend.increment("n", COUNT, CONTEXT);
      return textAt(backend, `k ${index}`);
    });
    expect(await Promise.all(work)).toEqual(Array.from({ length: 300 }, (_, index) => `v ${index}`));
    expect((await backend.increment("n", { ...COUNT, delta: 0n }, CONTEXT)).value).toBe(300n);
  });

  describe("when the server evicts what is not an entry", () => {
    it("misses what belongs to a lost generation, for ever", async () => {
      await backend.set("@ns:a", write("old"), CONTEXT);
      await backend.set("b", write("old"), CONTEXT);
      for (const key of ["{gcx:all}gns", "{gcx:all}g"]) {
        await backend.set("@ns:a", write("old"), CONTEXT);
        await raw.send("DEL", key);
        expect(await backend.get("@ns:a", CONTEXT)).toBeUndefined();
        await backend.set("@ns:other", write("new"), CONTEXT);
        expect(await backend.get("@ns:a", CONTEXT)).toBeUndefined();
        expect(await textAt(backend, "@ns:other")).toBe("new");
      }
      expect(await backend.get("b", CONTEXT)).toBeUndefined();
    });

    it("brings nothing back that was cleared, when the generation is lost after the clear", async () => {
      await backend.set("@ns:a", write("old"), CONTEXT);
      await backend.clear("ns", CONTEXT);
      await raw.send("DEL", "{gcx:all}gns");
      expect(await backend.get("@ns:a", CONTEXT)).toBeUndefined();
      await backend.set("@ns:b", write("new"), CONTEXT);
      expect(await backend.get("@ns:a", CONTEXT)).toBeUndefined();
    });

    it("lets versions grow over a lost head, also when the entry is gone with it", async () => {
      const first = await backend.set("a", write("1"), CONTEXT);
      await raw.send("DEL", "{gcx:all}h");
      const second = await backend.set("a", write("2"), CONTEXT);
      await raw.send("DEL", "{gcx:all}h", redisKey("a"));
      const third = await backend.set("a", write("3"), CONTEXT);
      expect(second.version).toBeGreaterThan(first.version);
      expect(third.version).toBeGreaterThan(second.version);
    });

    it("lets versions go on from a head that is ahead of the clock", async () => {
      const ahead = Date.now() * 1_000 + 3_600_000_000;
      const head = Buffer.alloc(8);
      head.writeBigUInt64BE(BigInt(ahead));
      await raw.send("SETRANGE", "{gcx:all}h", String(shardOfKey("a") * 8), head);
      const { version } = await backend.set("a", write("1"), CONTEXT);
      expect(version).toBe(ahead + 1);
      await backend.delete("a", CONTEXT);
      await raw.send("DEL", "{gcx:all}h");
      expect((await backend.set("a", write("2"), CONTEXT)).version, "the tombstone knows").toBe(ahead + 3);
    });

    it("brings nothing back that was invalidated by a tag, when the tag's record is lost", async () => {
      await backend.set("old", write("old", { tags: ["t"] }), CONTEXT);
      await backend.invalidateTags(["t"], CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t");
      expect(await backend.get("old", CONTEXT)).toBeUndefined();
      await backend.set("new", write("new", { tags: ["t"] }), CONTEXT);
      expect(await textAt(backend, "new")).toBe("new");
      expect(await backend.get("old", CONTEXT)).toBeUndefined();
    });

    it("misses nothing that was not invalidated, when its tag's record is lost", async () => {
      await backend.set("kept", write("kept", { tags: ["t", "u"] }), CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t", "{gcx:tags}:u");
      expect(await textAt(backend, "kept")).toBe("kept");
      await backend.invalidateTags(["u"], CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t", "{gcx:tags}:u");
      expect(await backend.get("kept", CONTEXT)).toBeUndefined();
    });

    it("can still be read when a tag's record is lost and the server takes none", async () => {
      await backend.set("tagged", write("1", { tags: ["t"] }), CONTEXT);
      await backend.set("plain", write("2"), CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t");
      await raw.send("CONFIG", "SET", "min-replicas-to-write", "1");
      try {
        expect(await backend.get("tagged", CONTEXT)).toBeUndefined();
        expect(await textAt(backend, "plain")).toBe("2");
      } finally {
        await raw.send("CONFIG", "SET", "min-replicas-to-write", "0");
      }
      expect(await textAt(backend, "tagged")).toBe("1");
    });

    it("takes every forgotten tag for invalidated when the clock of tags is lost too", async () => {
      await backend.set("old", write("old", { tags: ["t"] }), CONTEXT);
      const since = await backend.stamp(CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t", "{gcx:tags}c");
      const late = write("late", { tags: ["t"], tagsUnchangedSince: since });
      expect((await backend.set("late", late, CONTEXT)).stored).toBe(false);
      await backend.set("new", write("new", { tags: ["t"] }), CONTEXT);
      expect(await backend.get("old", CONTEXT)).toBeUndefined();
      expect(await textAt(backend, "new")).toBe("new");
    });

    it("refuses a load's result when its tag was invalidated and then forgotten", async () => {
      const since = await backend.stamp(CONTEXT);
      await backend.invalidateTags(["t"], CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t");
      const late = write("late", { tags: ["t"], tagsUnchangedSince: since });
      expect((await backend.set("late", late, CONTEXT)).stored).toBe(false);
    });

    it("stores a load's result with a tag that was forgotten and never invalidated since", async () => {
      await backend.set("a", write("v", { tags: ["t"] }), CONTEXT);
      const since = await backend.stamp(CONTEXT);
      await raw.send("DEL", "{gcx:tags}:t");
      const result = await backend.set("b", write("v", { tags: ["t"], tagsUnchangedSince: since }), CONTEXT);
      expect(result.stored).toBe(true);
      expect(await textAt(backend, "a"), "nothing was invalidated, so nothing is lost").toBe("v");
    });

    it("never gives a fencing token again, also when the lease is lost", async () => {
      const acquire = { kind: "acquire", key: "l", ttlMs: 60_000 } as const;
      const first = await backend.lease({ ...acquire, owner: "one" }, CONTEXT);
      await raw.send("DEL", `{gcx:${String(shardOfKey("l")).padStart(2, "0")}}ll`);
      const second = await backend.lease({ ...acquire, owner: "two" }, CONTEXT);
      expect(second.kind === "held" && first.kind === "held" && second.token > first.token).toBe(true);
    });
  });

  it("keeps keys apart that differ in half a surrogate pair only, and lists them", async () => {
    const keys = ["a\ud800", "a\ud801", "a\udc00", "a\ud800\udc00", "a\ufffd", "\ud800a"];
    for (const key of keys) await backend.set(key, write(JSON.stringify(key)), CONTEXT);
    for (const key of keys) expect(await textAt(backend, key)).toBe(JSON.stringify(key));
    expect(await scanAll(backend)).toEqual([...keys].sort());
    expect(await scanAll(backend, "a\ud800")).toEqual(["a\ud800", "a\ud800\udc00"]);
  });
});

describe("an account that may touch our keys alone", () => {
  it("does everything, and is told once when it may not publish", async () => {
    const server = await startRedis();
    const raw = openRawRedis(server);
    for (const [name, channels] of [
      ["mute", []],
      ["heard", ["&gcx:changes"]],
    ] as const) {
      await raw.send("ACL", "SETUSER", name, "on", ">pass", "~{gcx:*", ...channels, "+@all");
      const warnings: string[] = [];
      const credentials = { username: name, password: "pass" };
      const backend = await openRedisBackend(standalone(server), "coherent", { credentials }, (notice) => {
        if (notice.kind === "warning") warnings.push(notice.message);
      });
      await backend.set("@ns:a", write("v", { tags: ["t"] }), CONTEXT);
      expect(await textAt(backend, "@ns:a")).toBe("v");
      expect((await backend.increment("n", { ...COUNT, delta: 2n ** 60n, opId: "1" }, CONTEXT)).value % 2n).toBe(0n);
      await backend.lease({ kind: "acquire", key: "l", owner: name, ttlMs: 1 }, CONTEXT);
      await backend.invalidateTags(["t"], CONTEXT);
      await backend.clear("ns", CONTEXT);
      await backend.sharedTier.heads({ shards: [1], node: { id: "n", info: "", leaseMs: 1 } }, CONTEXT);
      expect(await scanAll(backend)).toEqual(["n"]);
      expect(warnings.filter((warning) => warning.includes("publish"))).toHaveLength(name === "mute" ? 1 : 0);
      await backend.close();
    }
    raw.close();
    await server.stop();
  });

  it("says what it lacks when it may touch none", async () => {
    const server = await startRedis();
    const raw = openRawRedis(server);
    await raw.send("ACL", "SETUSER", "stranger", "on", ">pass", "~other:*", "+@all");
    const opening = openRedisBackend(standalone(server), "coherent", {
      credentials: { username: "stranger", password: "pass" },
    });
    await expect(opening).rejects.toMatchObject({ message: expect.stringMatching(/permission.*~\{gcx:\*/) });
    raw.close();
    await server.stop();
  });
});

describe("a server that is full and may evict nothing", () => {
  let server: TestServer;
  let raw: RawRedis;
  let backend: OpenRedisBackend;

  beforeAll(async () => {
    server = await startRedis({ args: ["--maxmemory-policy", "noeviction"] });
    raw = openRawRedis(server);
    backend = await openRedisBackend(standalone(server));
    await backend.set("kept", write("kept", { tags: ["t"] }), CONTEXT);
    await backend.set("@ns:a", write("a"), CONTEXT);
    await backend.set("dead", write("dead"), CONTEXT);
    await backend.set("other", write("other"), CONTEXT);
    await backend.increment("n", COUNT, CONTEXT);
    await raw.send("CONFIG", "SET", "maxmemory", "1mb");
  });
  afterAll(async () => {
    raw.close();
    await backend.close();
    await server.stop();
  });

  const OOM = expect.objectContaining({
    code: "GCX_BACKEND_FAILED",
    backend: "redis",
    message: expect.stringMatching(/memory is full.*maxmemory/),
  });

  it("refuses what needs room with an error that says so, and changes nothing", async () => {
    await expect(backend.set("new", write("new"), CONTEXT)).rejects.toEqual(OOM);
    await expect(backend.set("kept", write("new", { condition: { kind: "absent" } }), CONTEXT)).resolves.toMatchObject({
      stored: false,
    });
    await expect(backend.set("kept", write("new", { tags: ["u"] }), CONTEXT)).rejects.toEqual(OOM);
    await expect(
      backend.setMulti(
        [
          ["x", write("x")],
          ["kept", write("y")],
        ],
        CONTEXT,
      ),
    ).rejects.toEqual(OOM);
    await expect(backend.increment("n", COUNT, CONTEXT)).rejects.toEqual(OOM);
    await expect(backend.increment("n", { ...COUNT, delta: 2n ** 60n }, CONTEXT)).rejects.toEqual(OOM);
    await expect(backend.increment("fresh", { ...COUNT, opId: "1" }, CONTEXT)).rejects.toEqual(OOM);
    const changes = [
      { key: "kept", write: write("new") },
      { key: "other", write: undefined },
    ];
    await expect(backend.commit([], changes, CONTEXT)).rejects.toEqual(OOM);
    await expect(backend.lease({ kind: "acquire", key: "l", owner: "o", ttlMs: 1_000 }, CONTEXT)).rejects.toEqual(OOM);
    await expect(backend.sharedTier.getOrLease("load", { tokenMs: 1_000 }, CONTEXT)).rejects.toEqual(OOM);
    expect(await textAt(backend, "kept")).toBe("kept");
    expect(await textAt(backend, "other")).toBe("other");
    expect(await textAt(backend, "n")).toBe("1");
    expect(await backend.getMulti(["new", "x", "fresh", "load"], CONTEXT)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(await raw.send("EXISTS", "{gcx:00}s")).toBe(":0\r\n");
  });

  it("still reads, expires, deletes, clears and invalidates", async () => {
    expect(await backend.expire("dead", 60_000, CONTEXT)).toBe(true);
    expect((await backend.get("dead", CONTEXT))?.expiresAt).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(await backend.delete("dead", CONTEXT)).toBe(true);
    expect(await backend.get("dead", CONTEXT)).toBeUndefined();
    await backend.invalidateTags(["t", "unknown"], CONTEXT);
    expect(await backend.get("kept", CONTEXT)).toBeUndefined();
    await backend.clear("ns", CONTEXT);
    expect(await backend.get("@ns:a", CONTEXT)).toBeUndefined();
    expect(await backend.sharedTier.invalidate(["other"], CONTEXT)).toEqual([expect.any(Number)]);
    expect(await backend.get("other", CONTEXT)).toBeUndefined();
  });

  it("fails items of one turn alone: what needs no room happens", async () => {
    const outcomes = await Promise.allSettled([
      backend.set("new", write("new"), CONTEXT),
      backend.set("new", write("new", { tags: ["a tag that needs a record"] }), CONTEXT),
      backend.delete("n", CONTEXT),
    ]);
    expect(outcomes.slice(0, 2)).toMatchObject([OOM, OOM].map((reason) => ({ status: "rejected", reason })));
    expect(outcomes[2]).toEqual({ status: "fulfilled", value: true });
  });

  it("says in its report what is wrong", async () => {
    const { nodes } = await backend.report(CONTEXT);
    expect(nodes).toMatchObject([
      { status: "degraded", role: "primary", evictionPolicy: "noeviction", memoryLimitBytes: 1_048_576 },
    ]);
    expect(nodes[0]?.server).toMatch(/^(redis|valkey) \d/);
    expect(nodes[0]?.warnings.join(" ")).toMatch(/writes fail when memory is full/);
    expect(nodes[0]?.latencyMs).toBeGreaterThanOrEqual(0);
  });
});
