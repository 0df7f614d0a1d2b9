import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { LoadLease, LoadTier, LoadToken } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import type { MemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { reservedKey } from "../../src/backends/memcached/reserved-key.ts";
import { createMemcachedClient } from "../../src/clients/memcached/create-memcached-client.ts";
import type { MemcachedClient } from "../../src/clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../src/clients/memcached/memcached-key.ts";
import { type MetaKey, metaFlag } from "../../src/clients/memcached/meta-message.ts";
import { systemClock } from "../../src/foundation/clock.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { MEMCACHED_HOST, memcachedSettings, openMemcached } from "./support/memcached-target.ts";

const NEVER = Number.POSITIVE_INFINITY;
const MINUTE_MS = 60_000;
const REQUEST = { tokenMs: 30_000 };
const COUNT = { delta: 1n, initial: 0n, ttlMs: NEVER, minimum: MIN_COUNTER, maximum: MAX_COUNTER };

/** The clock of all stores stands still but for this: TTLs end without anybody waiting. */
let aheadMs = 0;
const startedAt = systemClock.wallMs();
const clock = { ...systemClock, wallMs: (): number => startedAt + aheadMs };

let server: TestServer;
let one: MemcachedBackend;
let two: MemcachedBackend;
let raw: MemcachedClient;
let namespace = "";
let key = "";
let keyCount = 0;

beforeAll(async () => {
  server = await startMemcached();
  [one, two] = await Promise.all([openMemcached(server, {}, { clock }), openMemcached(server, {}, { clock })]);
  raw = createMemcachedClient(memcachedSettings(server), { ...MEMCACHED_HOST, onNotice: undefined });
  await raw.connect();
});

afterAll(async () => {
  await Promise.all([one.close(), two.close(), raw.close()]);
  await server.stop();
});

beforeEach(() => {
  aheadMs = 0;
  keyCount += 1;
  namespace = `tier/${keyCount}`;
  key = `@${namespace}:key`;
});

function tierOf(backend: MemcachedBackend): LoadTier {
  return backend.loadTier as LoadTier;
}

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: NEVER, tags: [], ...details };
}

/** An entry whose TTL is over, and that stands in for an hour. */
async function expired(text: string, details: Partial<EntryWrite> = {}): Promise<number> {
  const { version } = await one.set(key, write(text, { ttlMs: MINUTE_MS, staleMs: 60 * MINUTE_MS, ...details }), {});
  aheadMs += 2 * MINUTE_MS;
  return version;
}

async function take(backend: MemcachedBackend): Promise<Extract<LoadLease, { kind: "token" }>> {
  const lease = await tierOf(backend).getOrLease(key, REQUEST, {});
  if (lease.kind !== "token") throw new Error(`expected a token, got ${lease.kind}`);
  return lease;
}

async function fill(backend: MemcachedBackend, token: LoadToken, text: string, tags: string[] = []): Promise<boolean> {
  const { stored, version } = await tierOf(backend).fill(key, { token, write: write(text, { tags }) }, {});
  expect(version > 0).toBe(stored);
  return stored;
}

function textIn(entry: StoredEntry | undefined): string | undefined {
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

async function textOf(backend: MemcachedBackend): Promise<string | undefined> {
  return textIn(await backend.get(key, {}));
}

async function staleOf(backend: MemcachedBackend): Promise<string | undefined> {
  return textIn((await backend.getStale?.([key], {}))?.[0]);
}

async function isThere(): Promise<boolean> {
  const request = { kind: "get", key: encodeMemcachedKey(key), flags: "" } as const;
  return (await raw.send(request, { operation: "test", kind: "read" })).reply.status === "HD";
}

async function removeItem(itemKey: MetaKey): Promise<void> {
  await raw.send({ kind: "delete", key: itemKey, flags: "" }, { operation: "test", kind: "write" });
}

const ENDS: readonly (readonly [string, () => unknown, string | undefined])[] = [
  ["the key was written", () => two.set(key, write("theirs"), {}), "theirs"],
  ["keys were written", () => two.setMulti([[key, write("theirs")]], {}), "theirs"],
  [
    "the key was written on condition",
    () => two.set(key, write("theirs", { condition: { kind: "absent" } }), {}),
    "theirs",
  ],
  ["the key was counted", () => two.increment?.(key, COUNT, {}), "1"],
  ["the key was deleted", () => two.delete(key, {}), undefined],
  ["keys were deleted", () => two.deleteMulti([key], {}), undefined],
  ["its TTL was set to nothing", () => two.expire(key, 0, {}), undefined],
  ["its tag was invalidated", () => two.invalidateTags?.([key], {}), undefined],
  ["its namespace was cleared", () => two.clear?.(namespace, {}), undefined],
  ["a namespace around it was cleared", () => two.clear?.("tier", {}), undefined],
  ["everything was cleared", () => two.clear?.("", {}), undefined],
];

describe("a token of a cold key", () => {
  it("goes to one of two processes, the other hears for how long; then both hit", async () => {
    const leases = await Promise.all([one, two].map((backend) => tierOf(backend).getOrLease(key, REQUEST, {})));
    expect(leases.map(({ kind }) => kind).sort()).toEqual(["busy", "token"]);
    const busy = leases.find(({ kind }) => kind === "busy") as Extract<LoadLease, { kind: "busy" }>;
    expect(busy.remainingMs).toBeGreaterThan(28_000);
    expect(busy.remainingMs).toBeLessThanOrEqual(REQUEST.tokenMs + 2_000);
    const winner = leases[0]?.kind === "token" ? one : two;
    const { token } = leases.find(({ kind }) => kind === "token") as Extract<LoadLease, { kind: "token" }>;
    const filled = await tierOf(winner).fill(key, { token, write: write("loaded", { ttlMs: MINUTE_MS }) }, {});
    const hit = await tierOf(two).getOrLease(key, REQUEST, {});
    expect(hit.kind === "hit" && [textIn(hit.entry), hit.entry.version]).toEqual(["loaded", filled.version]);
  });

  it.each(ENDS)("is void when %s while it ran", async (_, end, left) => {
    const { token } = await take(one);
    await end();
    expect(await fill(one, token, "late", [key])).toBe(false);
    expect(await textOf(two)).toBe(left);
  });

  it("is void once it was used, and once it was given back; that tells whether it still stood", async () => {
    const first = await take(one);
    expect(await tierOf(one).release(key, first.token, {})).toBe(true);
    expect(await tierOf(one).release(key, first.token, {})).toBe(false);
    expect(await fill(one, first.token, "late")).toBe(false);
    const second = await take(two);
    expect(await fill(two, second.token, "loaded")).toBe(true);
    expect(await fill(two, second.token, "again")).toBe(false);
    expect(await textOf(one)).toBe("loaded");
  });

  it("means nothing for another key, and to another store", async () => {
    const { token } = await take(one);
    const load = { token, write: write("elsewhere") };
    await expect(tierOf(one).fill(`${key}2`, load, {})).rejects.toBeInstanceOf(TypeError);
    await expect(tierOf(two).fill(key, load, {})).rejects.toBeInstanceOf(TypeError);
    await expect(tierOf(two).release(key, token, {})).rejects.toBeInstanceOf(TypeError);
    await expect(tierOf(one).fill(key, { ...load, token: "text" }, {})).rejects.toBeInstanceOf(TypeError);
    expect(await textOf(one)).toBeUndefined();
  });

  it("is void when the connection that brought it was lost", async () => {
    const proxy = await startFaultProxy({ target: server });
    const client = await openMemcached(proxy);
    const { token } = await take(client);
    proxy.resetAll();
    // Goes over another connection in the end.
    await client.get("unrelated", {});
    expect(await fill(client, token, "late")).toBe(false);
    expect(await textOf(two)).toBeUndefined();
    await client.close();
    await proxy.stop();
  });

  it("that comes after its caller has left is given back", async () => {
    const proxy = await startFaultProxy({ target: server });
    const client = await openMemcached(proxy);
    const leaving = new AbortController();
    proxy.set({ blackHolesReplies: true });
    const read = tierOf(client).getOrLease(key, REQUEST, { signal: leaving.signal });
    // The reservation is there, the reply is not.
    await until(isThere);
    leaving.abort(new Error("gone"));
    await expect(read).rejects.toThrow("gone");
    proxy.heal();
    await until(async () => !(await isThere()));
    expect((await tierOf(two).getOrLease(key, REQUEST, {})).kind).toBe("token");
    await client.close();
    await proxy.stop();
  });

  it("is not asked for by somebody who left before", async () => {
    const reason = new Error("gone");
    const signal = AbortSignal.abort(reason);
    await expect(tierOf(one).getOrLease(key, REQUEST, { signal })).rejects.toBe(reason);
    await expect(tierOf(one).getOrLease(key, REQUEST, { signal, isAbandoned: true })).rejects.toBe(reason);
    expect((await tierOf(two).getOrLease(key, REQUEST, {})).kind).toBe("token");
  });
});

describe("the stamp of a token", () => {
  it("is younger than a tag that was invalidated before the load, and older than one after it", async () => {
    await one.set(`${key} other`, write("with the tag", { tags: [key] }), {});
    await two.invalidateTags?.([key], {});
    expect(await fill(one, (await take(one)).token, "loaded", [key])).toBe(true);
    await one.delete(key, {});
    const { token } = await take(one);
    await two.invalidateTags?.([key], {});
    expect(await fill(one, token, "late", [key])).toBe(false);
    expect(await staleOf(two)).toBeUndefined();
    // It was given back with that.
    expect((await tierOf(two).getOrLease(key, REQUEST, {})).kind).toBe("token");
  });

  it("and the caller's own count both", async () => {
    await one.set(`${key} other`, write("with the tag", { tags: [key] }), {});
    const early = (await one.stamp?.({})) as number;
    await two.invalidateTags?.([key], {});
    const { token } = await take(one);
    const load = { token, write: write("loaded", { tags: [key], tagsUnchangedSince: early }) };
    expect((await tierOf(one).fill(key, load, {})).stored).toBe(false);
    const next = await take(one);
    await two.invalidateTags?.([key], {});
    const late = { ...load, token: next.token, write: { ...load.write, tagsUnchangedSince: NEVER } };
    expect((await tierOf(one).fill(key, late, {})).stored).toBe(false);
  });

  it("lets results with tags be stored again after the item of invalidations was evicted", async () => {
    await fill(one, (await take(one)).token, "before");
    await one.delete(key, {});
    await removeItem(reservedKey("i", ""));
    // A tag without a mark: whether it was invalidated since is not known.
    expect(await fill(one, (await take(one)).token, "loaded", [`${key} new`])).toBe(false);
    expect(await fill(one, (await take(one)).token, "loaded", [`${key} newer`])).toBe(true);
  });
});

describe("data whose TTL is over and that is kept", () => {
  it("is a miss for every operation but those that ask for it", async () => {
    const version = await expired("old");
    expect(await two.get(key, {})).toBeUndefined();
    expect(await two.getMulti([key], {})).toEqual([undefined]);
    expect(await two.expire(key, MINUTE_MS, {})).toBe(false);
    expect((await two.commit?.([{ key, version }], [], {}))?.committed).toBe(false);
    expect((await two.commit?.([{ key, version: 0 }], [], {}))?.committed).toBe(true);
    const condition = { kind: "version", version } as const;
    expect(await two.set(key, write("late", { condition }), {})).toEqual({ stored: false, version: 0 });
    const [stale] = (await two.getStale?.([key], {})) ?? [];
    expect([textIn(stale), stale?.version]).toEqual(["old", version]);
    expect(stale?.expiresAt).toBeLessThan(clock.wallMs());
    expect(await two.delete(key, {})).toBe(false);
    expect(await staleOf(two)).toBeUndefined();
  });

  it("is absent for a counter, and for a write of what is not there", async () => {
    await expired("7");
    expect((await two.increment?.(key, COUNT, {}))?.value).toBe(1n);
    key += "2";
    await expired("old");
    const swapped = await two.set(key, write("new", { condition: { kind: "absent" }, returnPrevious: true }), {});
    expect([swapped.stored, swapped.previous]).toEqual([true, undefined]);
  });

  it("goes with the token, and to those who wait, in the version that it had", async () => {
    const version = await expired("old", { tags: [key] });
    const lease = await take(one);
    const busy = await tierOf(two).getOrLease(key, REQUEST, {});
    expect(busy.kind).toBe("busy");
    for (const { stale } of [lease, busy as Extract<LoadLease, { kind: "busy" }>]) {
      expect([textIn(stale), stale?.version, stale?.tags]).toEqual(["old", version, [key]]);
      expect(stale?.expiresAt).toBeLessThan(clock.wallMs());
    }
    expect(await staleOf(two)).toBe("old");
    expect(await textOf(two)).toBeUndefined();
    expect(await fill(one, lease.token, "new")).toBe(true);
    expect(await textOf(two)).toBe("new");
  });

  it("stays in the server as long as it may stand in, and no longer", async () => {
    await one.set(key, write("old", { ttlMs: MINUTE_MS, staleMs: 10 * MINUTE_MS }), {});
    const request = { kind: "get", key: encodeMemcachedKey(key), flags: "t" } as const;
    const { reply } = await raw.send(request, { operation: "test", kind: "read" });
    const remainingS = Number(metaFlag(reply.flags, "t"));
    expect(remainingS).toBeGreaterThan(655);
    expect(remainingS).toBeLessThanOrEqual(662);
    aheadMs += 11 * MINUTE_MS - 1_000;
    expect(await staleOf(two)).toBe("old");
    aheadMs += 1_000;
    expect(await staleOf(two)).toBeUndefined();
    expect((await take(two)).stale).toBeUndefined();
  });

  it("is kept by writes of many and by a change of the TTL, which begins its time anew", async () => {
    const details = { ttlMs: MINUTE_MS, staleMs: MINUTE_MS };
    await one.setMulti([[key, write("old", details)]], {});
    expect(await two.expire(key, 10 * MINUTE_MS, {})).toBe(true);
    aheadMs += 10 * MINUTE_MS + 1;
    expect([await textOf(one), await staleOf(one)]).toEqual([undefined, "old"]);
    aheadMs += MINUTE_MS;
    expect(await staleOf(one)).toBeUndefined();
  });

  it("is found beside live entries and misses, in the order of the keys", async () => {
    await expired("old");
    await one.set(`${key} live`, write("live", { staleMs: MINUTE_MS }), {});
    await one.set(`${key} tagged`, write("tagged", { ttlMs: 1, staleMs: MINUTE_MS, tags: ["t", key] }), {});
    aheadMs += 10;
    const keys = [`${key} none`, `${key} tagged`, key, `${key} live`];
    expect((await two.getStale?.(keys, {}))?.map(textIn)).toEqual([undefined, "tagged", "old", "live"]);
    expect(await two.getStale?.([], {})).toEqual([]);
    expect((await two.getStale?.([key], { isValueEnough: true }))?.map(textIn)).toEqual(["old"]);
  });

  it.each([
    ...ENDS.map(([name, end]) => [name, [true], end] as const),
    ...ENDS.filter(([name]) => !name.includes("tag")).map(([name, end]) => [`${name}, without tags`, [], end] as const),
  ])("never stands in after %s", async (_, hasTags, end) => {
    await expired("old", { tags: hasTags.map(() => key) });
    await end();
    expect(await staleOf(one)).not.toBe("old");
    const read = await tierOf(one).getOrLease(key, REQUEST, {});
    expect(read.kind === "hit" ? undefined : read.stale).toBeUndefined();
  });

  it.each(ENDS)("never stands in after %s while its successor was loaded; the token is void", async (_, end, left) => {
    await expired("old", { tags: [key] });
    const { token } = await take(one);
    await end();
    expect(await staleOf(two)).not.toBe("old");
    const read = await tierOf(two).getOrLease(key, REQUEST, {});
    expect(read.kind === "hit" ? textIn(read.entry) : read.stale).toBe(left);
    expect(await fill(one, token, "late", [key])).toBe(false);
    expect(await textOf(two)).toBe(left);
  });

  it("is not taken for live by a process whose clock is behind, once somebody loads its successor", async () => {
    await expired("old");
    const { token } = await take(one);
    aheadMs = 0;
    expect(await textOf(two)).toBeUndefined();
    expect(await staleOf(two)).toBe("old");
    expect(await tierOf(one).release(key, token, {})).toBe(true);
    expect(await textOf(two)).toBeUndefined();
  });

  it("survives a load that failed; whoever loads next gets it with the token", async () => {
    const version = await expired("old");
    expect(await tierOf(one).release(key, (await take(one)).token, {})).toBe(true);
    const { stale } = await take(two);
    expect([textIn(stale), stale?.version]).toEqual(["old", version]);
  });

  it("is handed on when a loader hangs: the next one takes over, and the late result is refused", async () => {
    await expired("old");
    const hung = await take(one);
    aheadMs += REQUEST.tokenMs - 1;
    const busy = await tierOf(two).getOrLease(key, REQUEST, {});
    expect(busy.kind === "busy" && busy.remainingMs).toBe(1);
    aheadMs += 1;
    const next = await take(two);
    expect(textIn(next.stale)).toBe("old");
    expect(await fill(one, hung.token, "late")).toBe(false);
    expect(await tierOf(one).release(key, hung.token, {})).toBe(false);
    expect(await fill(two, next.token, "new")).toBe(true);
  });

  it("that ends while its successor is loaded leaves the token as it is", async () => {
    await expired("old", { staleMs: MINUTE_MS + 5_000 });
    const { token } = await take(one);
    aheadMs += 6_000;
    const busy = await tierOf(two).getOrLease(key, REQUEST, {});
    expect(busy.kind === "busy" && [busy.stale, busy.remainingMs > 20_000]).toEqual([undefined, true]);
    expect(await fill(one, token, "new")).toBe(true);
  });

  it("is kept anew by the result of a load that says so", async () => {
    const { token } = await take(one);
    const details = { ttlMs: MINUTE_MS, staleMs: MINUTE_MS, tags: [key] };
    expect((await tierOf(one).fill(key, { token, write: write("loaded", details) }, {})).stored).toBe(true);
    expect(await textOf(two)).toBe("loaded");
    aheadMs += MINUTE_MS;
    expect(textIn((await take(two)).stale)).toBe("loaded");
  });
});

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await isDone()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("it did not come to pass");
}
