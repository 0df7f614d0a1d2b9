import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { EntryWrite, WriteResult } from "../../src/backend/stored-entry.ts";
import { dataKey, shardOfKey } from "../../src/backends/redis/redis-key-layout.ts";
import { OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const LARGE = "x".repeat(10_000);
const HEADS = "{gcx:all}h";

function write(text: string, ttlMs: number = Number.POSITIVE_INFINITY, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs, tags: [], ...details };
}

const redisKey = (key: string): string => dataKey(shardOfKey(key), key) as string;

describe("writes of the coherent mode", () => {
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
    backend = await openRedisBackend(standalone(proxy), "coherent", { poolSize: 1 });
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

  async function textAt(key: string, from: OpenRedisBackend = backend): Promise<string | undefined> {
    const entry = await from.get(key, CONTEXT);
    return entry && Buffer.from(entry.value as Uint8Array).toString();
  }

  const stagedKeys = (): Promise<string> => raw.send("KEYS", "{gcx:[0-9][0-9]}w*");

  function headOf(shard: number): Promise<number> {
    return raw.send("GETRANGE", HEADS, String(shard * 8), String(shard * 8 + 7)).then((reply) => {
      const bytes = Buffer.from(reply.slice(reply.indexOf("\n") + 1, -2), "latin1");
      return Number(bytes.readBigUInt64BE());
    });
  }

  describe.each([1, 30])("%i in a turn", (count) => {
    const keys = Array.from({ length: count }, (_, index) => `key ${index}`);
    const setAll = (text: string): Promise<WriteResult[]> =>
      Promise.all(keys.map((key) => backend.set(key, write(text), CONTEXT)));

    it("leave heads that are no lower than any version of their shard", async () => {
      for (const text of ["small", LARGE, "small again"]) {
        const results = await setAll(text);
        for (const [index, { version }] of results.entries()) {
          expect(await headOf(shardOfKey(keys[index] as string))).toBeGreaterThanOrEqual(version);
        }
      }
    });

    it("write over heads that are another program's", async () => {
      await setAll("1");
      await raw.send("DEL", HEADS);
      await raw.send("RPUSH", HEADS, "x");
      const [first] = await setAll("2");
      expect(await headOf(shardOfKey("key 0"))).toBeGreaterThanOrEqual((first as WriteResult).version);
      await raw.send("SET", HEADS, Buffer.alloc(512, 255));
      const [second] = await setAll("3");
      expect(Math.abs((second as WriteResult).version / 1_000 - Date.now())).toBeLessThan(60_000);
      const head = await headOf(shardOfKey("key 0"));
      expect(head - (second as WriteResult).version).toBeGreaterThanOrEqual(0);
      expect(head - (second as WriteResult).version).toBeLessThan(count);
    });

    it("get larger versions than their records and heads have, also ahead of the clock", async () => {
      const ahead = Date.now() * 1_000 + 3_600_000_000;
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(ahead));
      for (const key of keys) await raw.send("SETRANGE", HEADS, String(shardOfKey(key) * 8), bytes);
      const before = await setAll("1");
      for (const { version } of before) expect(version).toBeGreaterThan(ahead);
      await raw.send("DEL", HEADS);
      const after = await setAll("2");
      for (const [index, { version }] of after.entries()) {
        expect(version).toBeGreaterThan((before[index] as WriteResult).version);
      }
    });

    it("are the newest when another client wrote in between", async () => {
      const other = await openRedisBackend(standalone(server));
      for (const text of ["small", LARGE]) {
        const [mine] = await setAll(text);
        const theirs = await other.set("key 0", write("theirs"), CONTEXT);
        expect(theirs.version).toBeGreaterThan((mine as WriteResult).version);
        const [again] = await setAll(text);
        expect((again as WriteResult).version).toBeGreaterThan(theirs.version);
        expect(await textAt("key 0", other)).toBe(text);
      }
      await other.close();
    });
  });

  describe("of large values", () => {
    it.each([
      ["others that ask nothing", 3],
      ["others that ask something", 4],
    ])("are stored with their TTL, in their order among %s, and leave nothing else behind", async (_, kindCount) => {
      const kinds: readonly EntryWrite[] = [
        write("small"),
        write(LARGE),
        write(`${LARGE} timed`, 60_000),
        write(`${LARGE} tagged`, Number.POSITIVE_INFINITY, { tags: ["t"] }),
      ].slice(0, kindCount);
      const all: unknown[] = [];
      for (const [first, one] of kinds.entries()) {
        for (const [second, two] of kinds.entries()) {
          const key = `key ${first} ${second}`;
          all.push(backend.set(key, one, CONTEXT), backend.set(key, two, CONTEXT));
        }
      }
      if (kindCount > 3) all.push(backend.set("gone", write(LARGE), CONTEXT), backend.delete("gone", CONTEXT));
      await Promise.all(all);
      for (const first of kinds.keys()) {
        for (const [second, two] of kinds.entries()) {
          const key = `key ${first} ${second}`;
          expect(await textAt(key)).toBe(String(two.value));
          expect(await raw.send("PTTL", redisKey(key))).toMatch(second === 2 ? /^:[56]\d{4}\r\n/ : /^:-1\r\n/);
        }
      }
      expect(await textAt("gone")).toBeUndefined();
      expect(await stagedKeys()).toBe("*0\r\n");
    });

    it("do not go through the script", async () => {
      await raw.send("CONFIG", "RESETSTAT");
      await Promise.all([backend.set("a", write(LARGE), CONTEXT), backend.set("b", write("small"), CONTEXT)]);
      const stats = await raw.send("INFO", "commandstats");
      expect(/cmdstat_rename:calls=(\d+)/.exec(stats)?.[1]).toBe("1");
      expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe("1");
    });

    it("go through it where what was laid down is not found, and what is left behind ends", async () => {
      await raw.send("ACL", "SETUSER", "fixed", "reset", "on", ">secret", "~*", "&*", "+@all", "-rename");
      const limited = await openRedisBackend(standalone(server), "coherent", {
        credentials: { username: "fixed", password: "secret" },
      });
      const results = await Promise.all([
        limited.set("a", write(LARGE), CONTEXT),
        limited.set("b", write("small"), CONTEXT),
        limited.set("c", write(LARGE, 60_000, { tags: ["t"] }), CONTEXT),
      ]);
      expect(results.every(({ stored, version }) => stored && version > 0)).toBe(true);
      expect(await textAt("a")).toBe(LARGE);
      const left = /\{gcx:\d\d\}w\S+/.exec(await stagedKeys())?.[0] as string;
      expect(await raw.send("PTTL", left)).toMatch(/^:(\d{4}|10000)\r\n/);
      const listed: string[] = [];
      for await (const slice of backend.scan("", CONTEXT)) listed.push(...slice);
      expect(listed.sort()).toEqual(["a", "b", "c"]);
      await limited.close();
    });

    it("fail when the memory is full, and leave what was there", async () => {
      await backend.set("a", write("before"), CONTEXT);
      await raw.send("CONFIG", "SET", "maxmemory", "1");
      await expect(backend.set("a", write(LARGE), CONTEXT)).rejects.toMatchObject({
        code: "GCX_BACKEND_FAILED",
        operation: "set",
        message: expect.stringMatching(/maxmemory/),
      });
      expect(await textAt("a")).toBe("before");
    });

    it("are unknown when the connection breaks after they left", async () => {
      proxy.set({ blackHolesReplies: true });
      const writing = Promise.resolve(backend.set("a", write(LARGE), CONTEXT)).catch((error: unknown) => error);
      while ((await raw.send("EXISTS", redisKey("a"))) !== ":1\r\n");
      proxy.heal();
      proxy.resetAll();
      expect(await writing).toBeInstanceOf(OutcomeUnknownError);
      expect(await textAt("a")).toBe(LARGE);
    });
  });
});
