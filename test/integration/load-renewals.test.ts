import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadFillResult, LoadLease, LoadRenewal, LoadTier, LoadToken } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import { LOAD_TIER_STORES, type RunningStore } from "./support/load-tier-stores.ts";

const CONTEXT = {};
const TOKEN_MS = 30_000;
/** A time that is waited for; what must happen before its end does not depend on how long it is. */
const SHORT_MS = 30;
let keyCount = 0;

describe.each(LOAD_TIER_STORES)("renewals by the load tier of $name", ({ start }) => {
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
    key = `@renew:{key ${keyCount}}`;
    tag = `renewed tag ${keyCount}`;
  });

  const tierOf = (backend: Backend): LoadTier => backend.loadTier as LoadTier;
  const write = (text: string, details: Partial<EntryWrite> = {}): EntryWrite => ({
    value: one.capabilities.storage === "bytes" ? Buffer.from(text) : text,
    ttlMs: 60_000,
    tags: [tag],
    ...details,
  });
  const textOf = (entry: StoredEntry | undefined): string | undefined =>
    entry?.value instanceof Uint8Array ? Buffer.from(entry.value).toString() : (entry?.value as string | undefined);
  const read = (): Promise<StoredEntry | undefined> => other.get(key, CONTEXT) as Promise<StoredEntry | undefined>;
  const renew = async (
    version: number,
    details: Partial<LoadRenewal> = {},
    backend: Backend = one,
  ): Promise<LoadFillResult | undefined> =>
    tierOf(backend).renew?.(key, { version, token: undefined, ttlMs: 600_000, ...details }, CONTEXT);
  const take = (backend: Backend = one): Promise<LoadLease> =>
    tierOf(backend).getOrLease(key, { tokenMs: TOKEN_MS }, CONTEXT);
  const put = async (details: Partial<EntryWrite> = {}): Promise<number> =>
    (await other.set(key, write("old", details), CONTEXT)).version;
  /** Data that is over and kept, with the token to load what comes after it. */
  const lapse = async (): Promise<{ version: number; token: LoadToken }> => {
    const version = await put({ ttlMs: SHORT_MS, staleMs: 60_000 });
    await delay(2 * SHORT_MS);
    const lease = await take();
    if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
    expect([textOf(lease.stale), lease.stale?.version]).toEqual(["old", version]);
    return { version, token: lease.token };
  };
  const remainingMs = (entry: StoredEntry | undefined): number => (entry?.expiresAt ?? 0) - Date.now();

  const changes: readonly [string, () => unknown, string | undefined][] = [
    ["a write", () => other.set(key, write("newer"), CONTEXT), "newer"],
    ["a delete", () => other.delete(key, CONTEXT), undefined],
    ["an invalidation of its tag", () => other.invalidateTags?.([tag], CONTEXT), undefined],
    ["a clear of its namespace", () => other.clear?.("renew", CONTEXT), undefined],
    ["a clear of everything", () => other.clear?.("", CONTEXT), undefined],
  ];

  describe("of a live entry", () => {
    it("give it another end under a new version, with value and tags as they were", async () => {
      const version = await put();
      const renewed = await renew(version);
      expect(renewed).toMatchObject({ stored: true });
      expect(renewed?.version).toBeGreaterThan(version);
      const entry = await read();
      expect([textOf(entry), entry?.version, entry?.tags]).toEqual(["old", renewed?.version, [tag]]);
      expect(remainingMs(entry)).toBeGreaterThan(500_000);
      await other.invalidateTags?.([tag], CONTEXT);
      expect(await read()).toBeUndefined();
    });

    it("make it last for ever, end it sooner, and keep it beyond its end", async () => {
      const forever = await renew(await put(), { ttlMs: Number.POSITIVE_INFINITY });
      expect((await read())?.expiresAt).toBe(Number.POSITIVE_INFINITY);
      const brief = await renew(forever?.version ?? 0, { ttlMs: SHORT_MS, staleMs: 60_000 });
      expect(brief?.stored).toBe(true);
      await delay(2 * SHORT_MS);
      expect(await read()).toBeUndefined();
      const lease = await take(other);
      expect(lease.kind === "token" && textOf(lease.stale)).toBe("old");
    });

    it("do not keep it beyond its end where nothing is said of that, although its last write had been", async () => {
      const { version = 0 } = (await renew(await put({ staleMs: 60_000 }), { ttlMs: SHORT_MS })) ?? {};
      expect(version).toBeGreaterThan(0);
      await delay(3 * SHORT_MS);
      expect(await one.getStale?.([key], CONTEXT)).toEqual([undefined]);
    });

    it.each(changes)("lose against %s", async (_, change, newer) => {
      const version = await put();
      await change();
      expect(await renew(version)).toMatchObject({ stored: false, version: 0 });
      expect(textOf(await read())).toBe(newer);
    });

    it("lose against another renewal, and so do writes on condition of the version before it", async () => {
      const version = await put();
      const answers = await Promise.all([renew(version), renew(version, {}, other)]);
      expect(answers.filter((answer) => answer?.stored)).toHaveLength(1);
      const condition = { kind: "version", version } as const;
      expect((await one.set(key, write("late", { condition }), CONTEXT)).stored).toBe(false);
      expect(textOf(await read())).toBe("old");
    });

    it("are refused when it is over, though it is kept", async () => {
      const version = await put({ ttlMs: SHORT_MS, staleMs: 60_000 });
      await delay(2 * SHORT_MS);
      expect(await renew(version)).toMatchObject({ stored: false });
      expect(await read()).toBeUndefined();
    });
  });

  describe("of data that stands in", () => {
    it("bring it back to life, give the token back, and can be done again", async () => {
      const { version, token } = await lapse();
      const renewed = await renew(version, { token, ttlMs: SHORT_MS, staleMs: 60_000 });
      expect(renewed?.stored).toBe(true);
      expect(await tierOf(one).release(key, token, CONTEXT)).toBe(false);
      await delay(2 * SHORT_MS);
      const again = await take(other);
      if (again.kind !== "token") throw new Error(`The lease is "${again.kind}".`);
      expect([textOf(again.stale), again.stale?.version]).toEqual(["old", renewed?.version]);
      expect((await take()).kind).toBe("busy");
      const next = await renew(renewed?.version ?? 0, { token: again.token }, other);
      const entry = await read();
      expect([textOf(entry), entry?.version, entry?.tags]).toEqual(["old", next?.version, [tag]]);
      expect(remainingMs(entry)).toBeGreaterThan(500_000);
    });

    it.each(changes)("lose against %s", async (_, change, newer) => {
      const { version, token } = await lapse();
      await change();
      expect(await renew(version, { token })).toMatchObject({ stored: false, version: 0 });
      expect(textOf(await read())).toBe(newer);
      expect((await take(other)).kind).toBe(newer === undefined ? "token" : "hit");
    });

    it("lose against another renewal and against a fill", async () => {
      const { version, token } = await lapse();
      expect((await renew(version, { token }))?.stored).toBe(true);
      expect(await renew(version, { token })).toMatchObject({ stored: false });
      expect((await tierOf(one).fill(key, { token, write: write("late") }, CONTEXT)).stored).toBe(false);
      expect(textOf(await read())).toBe("old");
    });

    it("leave the token for a fill when the data is another one", async () => {
      const { version, token } = await lapse();
      expect(await renew(version - 1, { token })).toBeUndefined();
      expect((await tierOf(one).fill(key, { token, write: write("new") }, CONTEXT)).stored).toBe(true);
      expect(textOf(await read())).toBe("new");
    });

    it("lose with a token that is none", async () => {
      const { version } = await lapse();
      expect(await renew(version, { token: "no token" })).toMatchObject({ stored: false });
      expect(await read()).toBeUndefined();
    });
  });
});
