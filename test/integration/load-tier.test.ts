import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadFillResult, LoadLease, LoadTier } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import { LOAD_TIER_STORES, type RunningStore } from "./support/load-tier-stores.ts";
import { type WatchWakes, watchUntilHeard } from "./support/watch-wakes.ts";

const CONTEXT = {};
const REQUEST = { tokenMs: 30_000 };
/** A time that is waited for; what must happen before its end does not depend on how long it is. */
const SHORT_MS = 30;
let keyCount = 0;

describe.each(LOAD_TIER_STORES)("the load tier of $name", ({ start, hasMessages }) => {
  let running: RunningStore;
  let one: Backend;
  let other: Backend;
  let key: string;
  let tag: string;

  beforeAll(async () => {
    running = await start();
    [one, other] = await Promise.all([running.open(), running.open()]);
  });
  afterAll(async () => {
    await Promise.all([one?.close(), other?.close()]);
    await running?.stop();
  });
  beforeEach(() => {
    keyCount += 1;
    key = `@load:{key ${keyCount}}`;
    tag = `tag ${keyCount}`;
  });

  const tierOf = (backend: Backend): LoadTier => backend.loadTier as LoadTier;
  const write = (text: string, details: Partial<EntryWrite> = {}): EntryWrite => ({
    value: one.capabilities.storage === "bytes" ? Buffer.from(text) : text,
    ttlMs: 60_000,
    tags: [],
    ...details,
  });
  const textOf = (entry: StoredEntry | undefined): string | undefined =>
    entry?.value instanceof Uint8Array ? Buffer.from(entry.value).toString() : (entry?.value as string | undefined);
  const read = async (): Promise<string | undefined> => textOf(await other.get(key, CONTEXT));
  const take = (backend: Backend, tokenMs: number = REQUEST.tokenMs): Promise<LoadLease> =>
    tierOf(backend).getOrLease(key, { tokenMs }, CONTEXT);
  const staleOf = async (...keys: string[]): Promise<ReadonlyArray<StoredEntry | undefined> | undefined> =>
    one.getStale?.(keys, CONTEXT);
  const fill = (backend: Backend, lease: LoadLease, entry: EntryWrite): Promise<LoadFillResult> => {
    if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
    return tierOf(backend).fill(key, { token: lease.token, write: entry }, CONTEXT);
  };

  it("gives one of many callers of all clients the token, and tells the others how long it may take", async () => {
    const leases = await Promise.all(Array.from({ length: 40 }, (_, index) => take(index % 2 === 0 ? one : other)));
    expect(leases.filter(({ kind }) => kind === "token")).toHaveLength(1);
    const remaining = leases.flatMap((lease) => (lease.kind === "busy" ? [lease.remainingMs] : []));
    expect(remaining).toHaveLength(39);
    expect(Math.max(...remaining)).toBeLessThanOrEqual(REQUEST.tokenMs);
    expect(Math.min(...remaining)).toBeGreaterThan(0);
  });

  it("stores what the loader found, once, for everybody", async () => {
    const lease = await take(one);
    const filled = await fill(one, lease, write("loaded", { tags: [tag] }));
    expect(filled.stored).toBe(true);
    const hit = await take(other);
    expect(hit.kind === "hit" && [textOf(hit.entry), hit.entry.version, hit.entry.tags]).toEqual([
      "loaded",
      filled.version,
      [tag],
    ]);
    expect(await fill(one, lease, write("again"))).toMatchObject({ stored: false, version: 0 });
    expect(await read()).toBe("loaded");
  });

  const voiders: readonly [string, () => unknown, string | undefined][] = [
    ["a write", () => other.set(key, write("newer"), CONTEXT), "newer"],
    ["a batch of writes", () => other.setMulti([[key, write("newer")]], CONTEXT), "newer"],
    ["a delete", () => other.delete(key, CONTEXT), undefined],
    ["a delete of many", () => other.deleteMulti([key], CONTEXT), undefined],
    ["an invalidation of its tag", () => other.invalidateTags?.([tag], CONTEXT), undefined],
    ["a clear of its namespace", () => other.clear?.("load", CONTEXT), undefined],
    ["a clear of everything", () => other.clear?.("", CONTEXT), undefined],
  ];
  it.each(voiders)("refuses a late result after %s, and lets the next one load at once", async (_, end, newer) => {
    const lease = await take(one);
    await end();
    expect(await fill(one, lease, write("old", { tags: [tag] }))).toMatchObject({ stored: false, version: 0 });
    expect(await read()).toBe(newer);
    expect((await take(other)).kind).toBe(newer === undefined ? "token" : "hit");
  });

  it("refuses a late result by a stamp that is older than its token", async () => {
    const tagsUnchangedSince = await one.stamp?.(CONTEXT);
    await other.invalidateTags?.([tag], CONTEXT);
    const lease = await take(one);
    expect((await fill(one, lease, write("old", { tags: [tag], tagsUnchangedSince }))).stored).toBe(false);
    expect(await read()).toBeUndefined();
  });

  it("stores a result whose tag was invalidated before its load", async () => {
    await other.invalidateTags?.([tag], CONTEXT);
    const tagsUnchangedSince = await one.stamp?.(CONTEXT);
    const lease = await take(one);
    expect((await fill(one, lease, write("new", { tags: [tag], tagsUnchangedSince }))).stored).toBe(true);
    expect(await read()).toBe("new");
  });

  it("lets somebody take over when the loader's time is over; the late one loses", async () => {
    const dead = await take(one, SHORT_MS);
    await delay(2 * SHORT_MS);
    const heir = await take(other);
    expect(heir.kind).toBe("token");
    expect((await fill(one, dead, write("late"))).stored).toBe(false);
    expect((await fill(other, heir, write("heir"))).stored).toBe(true);
    expect((await fill(one, dead, write("late"))).stored).toBe(false);
    expect(await read()).toBe("heir");
  });

  it("stores a result that comes late when nobody took over", async () => {
    const slow = await take(one, SHORT_MS);
    await delay(2 * SHORT_MS);
    expect((await fill(one, slow, write("slow"))).stored).toBe(true);
  });

  it("lets the next one load at once when a token is given back, and the former one store nothing", async () => {
    const lease = await take(one);
    expect(lease.kind === "token" && (await tierOf(one).release(key, lease.token, CONTEXT))).toBe(true);
    expect((await take(other)).kind).toBe("token");
    expect(lease.kind === "token" && (await tierOf(one).release(key, lease.token, CONTEXT))).toBe(false);
    expect((await fill(one, lease, write("late"))).stored).toBe(false);
    expect((await take(one)).kind).toBe("busy");
  });

  const writers: readonly [string, (entry: EntryWrite) => Promise<unknown>][] = [
    ["a fill", async (entry) => fill(one, await take(one), entry)],
    ["a write", async (entry) => one.set(key, entry, CONTEXT)],
  ];
  describe.each(writers)("data that %s keeps beyond its TTL", (_, store) => {
    const kept = async (): Promise<void> => {
      await store(write("old", { ttlMs: SHORT_MS, staleMs: 60_000, tags: [tag] }));
      await delay(2 * SHORT_MS);
    };

    it("is no hit, and goes to the loader and to who waits", async () => {
      await kept();
      expect(await read()).toBeUndefined();
      const lease = await take(one);
      expect(lease.kind === "token" && textOf(lease.stale)).toBe("old");
      const waiting = await take(other);
      expect(waiting.kind === "busy" && textOf(waiting.stale)).toBe("old");
      expect((await fill(one, lease, write("new"))).stored).toBe(true);
      expect(await read()).toBe("new");
    });

    it("is there still when a loader gave up", async () => {
      await kept();
      const lease = await take(one);
      expect(lease.kind === "token" && (await tierOf(one).release(key, lease.token, CONTEXT))).toBe(true);
      const next = await take(other);
      expect(next.kind === "token" && textOf(next.stale)).toBe("old");
    });

    it.each(voiders)("is handed out to nobody after %s", async (__, end, newer) => {
      await kept();
      const before = await staleOf(key);
      await end();
      const after = await staleOf(key, `${key} unknown`);
      // A store that hands out nothing but through its tier has no getStale.
      expect([before, after].map((found) => found?.map(textOf))).toEqual(
        one.getStale === undefined ? [undefined, undefined] : [["old"], [newer, undefined]],
      );
      expect(before?.[0]?.expiresAt ?? 0).toBeLessThan(Date.now());
      const lease = await take(one);
      expect(lease.kind === "hit" ? textOf(lease.entry) : lease.stale).toBe(newer);
    });
  });

  describe.runIf(hasMessages)("somebody who waits for a key", () => {
    const watch = (of: string): Promise<WatchWakes> =>
      watchUntilHeard(tierOf(other), of, async (probe) => one.set(probe, write("probe"), CONTEXT));

    // These two come first: what clears and tags tell to everybody must not be counted here.
    it("is not woken by what happens to other keys, nor after it stopped", async () => {
      const wakes = await watch(`${key}b`);
      const stopped = await watch(`${key}b`);
      stopped.stop();
      const before = [wakes.count(), stopped.count()];
      await one.set(key, write("1"), CONTEXT);
      await one.set(`${key}bb`, write("2"), CONTEXT);
      const next = wakes.next();
      await one.set(`${key}b`, write("3"), CONTEXT);
      await next;
      expect([wakes.count(), stopped.count()]).toEqual([(before[0] as number) + 1, before[1]]);
      wakes.stop();
    });

    it("is woken for keys of any characters, and for those alone", async () => {
      const keys = ["\ud800", "\udc00\ud800x", "\ufffd", "ключ", "\u0000\r\n"].map((text) => `${key}${text}`);
      const all = await Promise.all(keys.map(watch));
      for (const [index, wakes] of all.entries()) {
        const before = all.map((each) => each.count());
        const next = wakes.next();
        await one.set(keys[index] as string, write("v"), CONTEXT);
        await next;
        const told = all.map((each, place) => each.count() - (before[place] as number));
        expect(told).toEqual(all.map((each) => (each === wakes ? 1 : 0)));
      }
      for (const wakes of all) wakes.stop();
    });

    const wakers: readonly [string, (lease: LoadLease) => unknown][] = [
      ["it is filled", (lease) => fill(one, lease, write("loaded"))],
      ["its token is given back", (lease) => lease.kind === "token" && tierOf(one).release(key, lease.token, CONTEXT)],
      ["it is written", () => one.set(key, write("newer"), CONTEXT)],
      ["it is deleted", () => one.delete(key, CONTEXT)],
      ["its namespace is cleared", () => one.clear?.("load", CONTEXT)],
      ["a tag is invalidated", () => one.invalidateTags?.([tag], CONTEXT)],
    ];
    it.each(wakers)("is woken when %s", async (_, happen) => {
      const lease = await take(one);
      const wakes = await watch(key);
      const next = wakes.next();
      await happen(lease);
      await next;
      wakes.stop();
    });

    it("is woken when its loader's result is refused because of a tag", async () => {
      const tagsUnchangedSince = await one.stamp?.(CONTEXT);
      await one.invalidateTags?.([tag], CONTEXT);
      const lease = await take(one);
      const wakes = await watch(key);
      const next = wakes.next();
      expect((await fill(one, lease, write("old", { tags: [tag], tagsUnchangedSince }))).stored).toBe(false);
      await next;
      expect((await take(other)).kind).toBe("token");
      wakes.stop();
    });
  });
});
