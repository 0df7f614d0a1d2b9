import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { BackendNotice } from "../../src/backend/backend-notice.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { MemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { createPlainOperations } from "../../src/backends/memcached/plain-operations.ts";
import type { MemcachedClient } from "../../src/clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../src/clients/memcached/memcached-key.ts";
import { metaFlag } from "../../src/clients/memcached/meta-message.ts";
import { DeadlineQueue } from "../../src/foundation/deadline-queue.ts";
import { EntryTooLargeError, UnsupportedOperationError } from "../../src/foundation/errors.ts";
import { gateClient } from "./support/gated-client.ts";
import { MEMCACHED_HOST, memcachedSettings, openGated, openMemcached } from "./support/memcached-target.ts";

const NEVER = Number.POSITIVE_INFINITY;
const DAY_MS = 86_400_000;
const COUNT = { delta: 1n, initial: 0n, ttlMs: NEVER, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
const READ = { operation: "test", kind: "read" } as const;
const WRITE = { operation: "test", kind: "write" } as const;

let server: TestServer;
let coherent: MemcachedBackend;
let plain: MemcachedBackend;
let raw: MemcachedClient;
let closeRaw: () => Promise<void>;

beforeAll(async () => {
  server = await startMemcached();
  coherent = await openMemcached(server);
  plain = await openMemcached(server, { mode: "plain" });
  ({ client: raw, close: closeRaw } = await openGated(server));
});

afterAll(async () => {
  await Promise.all([coherent.close(), plain.close(), closeRaw()]);
  await server.stop();
});

function write(value: string | Uint8Array, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: typeof value === "string" ? Buffer.from(value) : value, ttlMs: NEVER, tags: [], ...details };
}

async function textOf(backend: Backend, key: string): Promise<string | undefined> {
  const entry = await backend.get(key, {});
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

/** What the server says of a key. */
async function ask(key: string, flags: string) {
  return (await raw.send({ kind: "get", key: encodeMemcachedKey(key), flags }, READ)).reply;
}

describe("mode plain", () => {
  it("keeps the bytes alone under the key alone, with client flags 0, as other programs expect them", async () => {
    await plain.set("user:1", write("the bytes"), {});
    const { value, flags } = await ask("user:1", "v f t");
    expect([value?.toString(), metaFlag(flags, "f"), metaFlag(flags, "t")]).toEqual(["the bytes", "0", "-1"]);
  });

  it("reads what other programs wrote, with the TTL that the server keeps", async () => {
    const value = Buffer.from("theirs");
    await raw.send({ kind: "set", key: encodeMemcachedKey("theirs"), value, flags: "T100 F7" }, WRITE);
    const entry = await plain.get("theirs", {});
    expect(Buffer.from(entry?.value as Uint8Array).toString()).toBe("theirs");
    expect(Math.abs((entry?.expiresAt ?? 0) - Date.now() - 100_000)).toBeLessThan(2_500);
  });

  it("counts in decimal text that other programs count on", async () => {
    await plain.increment?.("n", { ...COUNT, delta: 41n }, {});
    await raw.send({ kind: "arithmetic", key: encodeMemcachedKey("n"), flags: "D1" }, WRITE);
    expect((await plain.increment?.("n", { ...COUNT, delta: -50n }, {}))?.value).toBe(-8n);
    expect((await ask("n", "v")).value?.toString()).toBe("-8");
  });

  it("counts on from what the server's own arithmetic leaves, spaces included", async () => {
    await plain.set("padded", write("10"), {});
    await raw.send({ kind: "arithmetic", key: encodeMemcachedKey("padded"), flags: "MD D1" }, WRITE);
    expect((await ask("padded", "v")).value?.toString()).toBe("9 ");
    expect((await plain.increment?.("padded", COUNT, {}))?.value).toBe(10n);
  });

  it("counts up by the server's own arithmetic, which leaves the TTL alone, and never with a write", async () => {
    const { client, gate } = gateClient(raw);
    const host = MEMCACHED_HOST;
    const settings = memcachedSettings(server, { mode: "plain" });
    const store = createPlainOperations({ settings, client, host, deadlines: new DeadlineQueue(host) });
    await store.increment("short", { ...COUNT, ttlMs: 50_000 }, {});
    gate.seen.length = 0;
    for (let index = 0; index < 20; index += 1) await store.increment("short", COUNT, {});
    expect((await store.increment("short", { ...COUNT, delta: -5n }, {})).value).toBe(16n);
    expect(gate.seen.filter(({ kind }) => kind === "set")).toEqual([]);
  });

  it("refuses what needs more than the bytes: an opId", async () => {
    await expect(plain.increment?.("n", { ...COUNT, opId: "x" }, {})).rejects.toBeInstanceOf(UnsupportedOperationError);
  });

  it("has no tags, clear, scan or leases, and says so", () => {
    const { tags, clear, scan, leases } = plain.capabilities;
    expect([tags, clear, scan, leases]).toEqual([false, false, false, false]);
    expect([plain.invalidateTags, plain.stamp, plain.clear, plain.scan, plain.loadLeases]).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});

describe("a caller that can be asked whether it waits", () => {
  it("is asked, and never for its signal, in both modes", async () => {
    const context = {
      isAbandoned: false,
      isValueEnough: true,
      get signal(): AbortSignal {
        throw new Error("A signal was made.");
      },
    };
    for (const backend of [coherent, plain]) {
      await backend.set("asked", write("one"), context);
      expect((await backend.get("asked", context))?.value).toEqual(Buffer.from("one"));
      const found = await backend.getMulti(["asked", "not there", "asked"], context);
      expect(found.map((entry) => entry && String(entry.value))).toEqual(["one", undefined, "one"]);
      await backend.setMulti([["asked", write("two")]], context);
      await backend.set("asked", write("three", { condition: { kind: "absent" } }), context);
      expect(await backend.expire("asked", 50_000, context)).toBe(true);
      expect((await backend.increment?.("asked:count", COUNT, context))?.value).toBe(1n);
      expect(await backend.deleteMulti(["asked:count"], context)).toBe(1);
      expect(await backend.delete("asked", context)).toBe(true);
    }
  });

  it("gets the reason once it left, and nothing is sent for it", async () => {
    const context = { isAbandoned: true, signal: AbortSignal.abort(new Error("left")) };
    for (const backend of [coherent, plain]) {
      await backend.set("left", write("before"), {});
      await expect(backend.set("left", write("after"), context)).rejects.toThrow("left");
      await expect(backend.get("left", context)).rejects.toThrow("left");
      await expect(backend.getMulti(["left"], context)).rejects.toThrow("left");
      await expect(backend.delete("left", context)).rejects.toThrow("left");
      expect(await textOf(backend, "left")).toBe("before");
      await backend.delete("left", {});
    }
  });
});

describe("TTLs", () => {
  it.each([
    ["an hour", 3_600_000],
    ["just over 30 days", 30 * DAY_MS + 1_000],
    ["a year", 365 * DAY_MS],
  ])("of %s are kept by the server to the second, and not shorter, in both modes", async (_, ttlMs) => {
    for (const backend of [coherent, plain]) {
      await backend.set("ttl", write("value", { ttlMs }), {});
      const seconds = Number(metaFlag((await ask("ttl", "t")).flags, "t"));
      expect(seconds).toBeGreaterThanOrEqual(Math.floor(ttlMs / 1_000) - 1);
      expect(seconds).toBeLessThanOrEqual(ttlMs / 1_000 + 4);
      expect(Math.abs(((await backend.get("ttl", {}))?.expiresAt ?? 0) - Date.now() - ttlMs)).toBeLessThan(4_000);
      await backend.delete("ttl", {});
    }
  });

  it("that end after 2038 are for ever to the server, and end when they should", async () => {
    const ttlMs = 50 * 365 * DAY_MS;
    await coherent.set("century", write("value", { ttlMs }), {});
    expect(metaFlag((await ask("century", "t")).flags, "t")).toBe("-1");
    expect(Math.abs(((await coherent.get("century", {}))?.expiresAt ?? 0) - Date.now() - ttlMs)).toBeLessThan(1_000);
  });
});

describe("values over the server's limit", () => {
  it.each(["coherent", "plain"] as const)(
    "are refused before anything is sent, and what was there stays (%s)",
    async (mode) => {
      const backend = mode === "coherent" ? coherent : plain;
      await backend.set("large", write("before"), {});
      const large = new Uint8Array(1_048_576);
      const writes: (() => unknown)[] = [
        () => backend.set("large", write(large), {}),
        () => backend.setMulti([["large", write(large)]], {}),
        () => backend.set("large", write(large, { returnPrevious: true }), {}),
      ];
      for (const call of writes) {
        const error = await Promise.resolve(call()).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(EntryTooLargeError);
        expect((error as EntryTooLargeError).limitBytes).toBe(1_048_576);
        expect((error as EntryTooLargeError).message).toContain("-I");
      }
      expect(await textOf(backend, "large")).toBe("before");
    },
  );

  it("up to the limit are taken", async () => {
    for (const backend of [coherent, plain]) {
      const value = new Uint8Array(1_048_576 - 200).fill(7);
      await backend.set("just fits", write(value), {});
      const entry = await backend.get("just fits", {});
      expect((entry?.value as Uint8Array | undefined)?.length).toBe(value.length);
      await backend.delete("just fits", {});
    }
  });
});

describe("keys", () => {
  it("of every length around the server's limits are kept apart, also as bytes that need base64", async () => {
    for (const backend of [coherent, plain]) {
      const keys = [180, 185, 186, 187, 188, 249, 250, 251].flatMap((length) => [
        "k".repeat(length),
        ` ${"k".repeat(length - 1)}`,
        "é".repeat(length / 2),
        `\ud800${"k".repeat(length - 1)}`,
      ]);
      await backend.setMulti(
        keys.map((key, index) => [key, write(String(index))] as const),
        {},
      );
      const entries = await backend.getMulti(keys, {});
      expect(entries.map((entry) => entry && Buffer.from(entry.value as Uint8Array).toString())).toEqual(
        keys.map((key) => String(keys.lastIndexOf(key))),
      );
      await backend.deleteMulti(keys, {});
    }
  });
});

describe("a report", () => {
  it("says how the server is, and nothing when it is well", async () => {
    const report = await coherent.report?.({});
    const [node] = report?.nodes ?? [];
    expect(node).toMatchObject({ status: "up", evictionPolicy: "lru", warnings: [], memoryLimitBytes: 67_108_864 });
    expect(node?.server).toMatch(/^memcached \d+\.\d+/);
    expect(node?.features).toMatchObject({ cas: true, base64Keys: true });
    expect(node?.latencyMs).toBeGreaterThan(0);
  });

  it("warns of a server that is full and does not evict, whose writes fail with the server's words as the cause", async () => {
    const full = await startMemcached({ args: ["-m", "8", "-M"] });
    const backend = await openMemcached(full);
    await backend.set("small", write("stays"), {});
    const large = write(new Uint8Array(500_000));
    let failure: unknown;
    for (let index = 0; index < 40 && failure === undefined; index += 1) {
      failure = await Promise.resolve(backend.set(`fill ${index}`, large, {})).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(failure).toMatchObject({ code: "GCX_BACKEND_FAILED", cause: { name: "MemcachedServerError" } });
    expect(await textOf(backend, "small")).toBe("stays");
    const [node] = (await backend.report?.({}))?.nodes ?? [];
    expect(node).toMatchObject({ status: "degraded", evictionPolicy: "none" });
    await backend.close();
    await full.stop();
  });
});

describe("a server that restarts", () => {
  it("has lost everything: another epoch, no old value, no version that fits again, and versions go on growing", async () => {
    let own = await startMemcached();
    const notices: BackendNotice[] = [];
    const backend = await openMemcached(own, {}, { onNotice: (notice) => notices.push(notice) });
    const { epoch } = backend;
    for (let index = 0; index < 50; index += 1) await backend.set("key", write(`before ${index}`), {});
    const before = (await backend.get("key", {}))?.version ?? 0;
    const { port } = own;
    await own.stop();
    own = await startMemcached({ port });
    const second = await openMemcached(own);
    // Until an item has the very CAS number of before.
    for (;;) {
      const { version } = await second.set("key", write("after"), {});
      expect(version).toBeGreaterThan(before);
      if (version % 4_096 === before % 4_096) break;
    }
    await until(async () => expect(await textOf(backend, "key")).toBe("after"));
    const late = await backend.set("key", write("late", { condition: { kind: "version", version: before } }), {});
    expect(late.stored).toBe(false);
    expect(await textOf(second, "key")).toBe("after");
    expect(backend.epoch).not.toBe(epoch);
    expect(backend.epoch).toBe(second.epoch);
    expect(notices.map((notice) => notice.kind === "connection" && notice.state)).toContain("lost");
    await Promise.all([backend.close(), second.close()]);
    await own.stop();
  });

  it("never shows what was written before, nor by whoever did not notice the restart", async () => {
    let own = await startMemcached();
    const backend = await openMemcached(own);
    await backend.set("key", write("before"), {});
    const { port } = own;
    await own.stop();
    own = await startMemcached({ port });
    await until(() => backend.set("other", write("after"), {}));
    expect(await textOf(backend, "other")).toBe("after");
    expect(await backend.get("key", {})).toBeUndefined();
    await backend.close();
    await own.stop();
  });
});

describe("a server without what is needed", () => {
  it("is refused when it gives out no CAS numbers, with the remedy", async () => {
    const own = await startMemcached({ args: ["-C"] });
    await expect(openMemcached(own)).rejects.toThrow(/-C/);
    await own.stop();
  });
});

async function until<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (let count = 0; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (count === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
