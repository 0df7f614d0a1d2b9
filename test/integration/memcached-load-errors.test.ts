import { afterEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { LoadFill, LoadTier } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import type { LoadLeases } from "../../src/backends/memcached/load-leases.ts";
import type { MemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { BackendError, EntryTooLargeError } from "../../src/foundation/errors.ts";
import { openMemcached } from "./support/memcached-target.ts";
import { serveLines } from "./support/scripted-memcached.ts";
import { startScriptedServer } from "./support/scripted-server.ts";

const NEVER = Number.POSITIVE_INFINITY;
const REQUEST = { tokenMs: 30_000 };
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(server: { readonly host: string; readonly port: number }): Promise<MemcachedBackend> {
  const client = await openMemcached(server);
  closers.push(() => client.close());
  return client;
}

function tierOf(backend: MemcachedBackend): LoadTier {
  return backend.loadTier as LoadTier;
}

function write(value: string | Uint8Array, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(value), ttlMs: NEVER, tags: [], ...details };
}

describe("loads of one turn, one of which the server has an error for", () => {
  it("are told apart: the others get their tokens", async () => {
    const server = await startScriptedServer([
      [
        serveLines((line) => {
          const opaque = / O\d+/.exec(line)?.[0] ?? "";
          if (line.endsWith(" b v")) return `VA 2${opaque}\r\nok\r\n`;
          if (line.startsWith("mg broken")) return "SERVER_ERROR out of memory writing get response\r\n";
          if (line.startsWith("mg cold")) return `VA 0${opaque} c7 s0 t30 W\r\n\r\n`;
          // The marks of namespaces.
          return line.startsWith("mg /") ? `VA 16${opaque} c3\r\n0123456789abcdef\r\n` : undefined;
        }),
      ],
    ]);
    closers.push(() => server.stop());
    const client = await open(server);
    const outcomes = await Promise.allSettled(
      ["cold1", "broken", "cold2"].map((key) => tierOf(client).getOrLease(key, REQUEST, {})),
    );
    expect(outcomes.map((one) => (one.status === "fulfilled" ? one.value.kind : one.status))).toEqual([
      "token",
      "rejected",
      "token",
    ]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(BackendError);
  });
});

describe("a server that has no room for a lease, for it may not evict", () => {
  it("says so to the load; hits of the same turn are hits, and its connection stays", async () => {
    const server = await startMemcached({ args: ["-m", "2", "-M"] });
    closers.push(() => server.stop());
    const client = await open(server);
    await client.set("there", write("value"), {});
    for (const bytes of [100_000, 10_000, 1_000, 100, 1]) {
      for (let count = 0, isFull = false; !isFull; count += 100) {
        const keys = Array.from({ length: 100 }, (_, index) => `${bytes}-${count + index}`);
        const done = await Promise.allSettled(keys.map((key) => client.set(key, write("x".repeat(bytes)), {})));
        isFull = done.some(({ status }) => status === "rejected");
      }
    }
    const [hit, cold] = await Promise.allSettled(
      ["there", "cold"].map((key) => tierOf(client).getOrLease(key, REQUEST, {})),
    );
    expect(hit?.status === "fulfilled" && hit.value.kind).toBe("hit");
    expect((cold as PromiseRejectedResult).reason).toBeInstanceOf(BackendError);
    expect((cold as PromiseRejectedResult).reason.message).toMatch(/no room/);
    expect((await client.get("there", {}))?.version).toBeGreaterThan(0);
  });
});

describe("a value as large as the server takes", () => {
  it("is refused with a time to stand in when the note of its successor's load would not fit", async () => {
    const server = await startMemcached();
    closers.push(() => server.stop());
    const client = await open(server);
    const { value, isKept } = await largestThatFits(client);
    expect(isKept).toBe(true);
    const stale = { ttlMs: 1, staleMs: 60_000 };
    // It fits with how long it may stand in, and without what its item grows by afterwards.
    await expect(client.set("key", write(value.subarray(8), stale), {})).rejects.toBeInstanceOf(EntryTooLargeError);
    // With what the head of both says.
    const smaller = value.subarray(24);
    await client.set("key", write(smaller, stale), {});
    const lease = await tokenOnceOver(client, "key");
    expect(lease.stale?.value).toHaveLength(smaller.length);
    const load: LoadFill = { token: lease.token, write: write("new") };
    expect((await tierOf(client).fill("key", load, {})).stored).toBe(true);
  });

  it("is removed by an invalidation that would keep it", async () => {
    const server = await startMemcached();
    closers.push(() => server.stop());
    const client = await open(server);
    await largestThatFits(client);
    expect(await (client.loadLeases as LoadLeases).invalidate("key", { keepStaleMs: 60_000 }, {})).toBe(true);
    const lease = await tierOf(client).getOrLease("key", REQUEST, {});
    expect(lease.kind === "token" && lease.stale).toBe(undefined);
  });
});

/** Writes the largest value that the store takes. */
async function largestThatFits(client: MemcachedBackend): Promise<{ value: Uint8Array; isKept: boolean }> {
  for (let length = 1_048_576; ; length -= 1) {
    const value = Buffer.alloc(length);
    try {
      await client.set("key", write(value), {});
      return { value, isKept: (await client.get("key", {})) !== undefined };
    } catch (error) {
      if (!(error instanceof EntryTooLargeError)) throw error;
    }
  }
}

/** The token of a key whose TTL of a millisecond is about to be over. */
async function tokenOnceOver(
  client: MemcachedBackend,
  key: string,
): Promise<{ readonly token: LoadFill["token"]; readonly stale: StoredEntry | undefined }> {
  for (;;) {
    const lease = await tierOf(client).getOrLease(key, REQUEST, {});
    if (lease.kind === "token") return lease;
    if (lease.kind === "busy") throw new Error("nobody loads");
  }
}
