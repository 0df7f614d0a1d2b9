import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadFillResult, LoadLease, LoadTier } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import { ALL_LOAD_TIER_STORES, type RunningStore } from "./support/load-tier-stores.ts";

const CONTEXT = {};
const TOKEN_MS = 30_000;
/** A time that is waited for; what must happen before its end does not depend on how long it is. */
const SHORT_MS = 30;
let keyCount = 0;

describe.each(ALL_LOAD_TIER_STORES)("the load tier of $name, asked to take over", ({ start, hasRoomBeside }) => {
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
    key = `@takeover:{key ${keyCount}}`;
    tag = `taken tag ${keyCount}`;
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
  const entryOf = (): Promise<StoredEntry | undefined> => other.get(key, CONTEXT) as Promise<StoredEntry | undefined>;
  const read = async (): Promise<string | undefined> => textOf(await entryOf());
  const take = (backend: Backend): Promise<LoadLease> =>
    tierOf(backend).getOrLease(key, { tokenMs: TOKEN_MS }, CONTEXT);
  type Token = Extract<LoadLease, { kind: "token" }>;
  const takeOver = async (backend: Backend): Promise<Token> => {
    const lease = await tierOf(backend).getOrLease(key, { tokenMs: TOKEN_MS, takesOver: true }, CONTEXT);
    if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
    return lease;
  };
  const fill = (backend: Backend, lease: LoadLease, entry: EntryWrite): Promise<LoadFillResult> => {
    if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
    return tierOf(backend).fill(key, { token: lease.token, write: entry }, CONTEXT);
  };

  it("gives the token that somebody else has, whose result is then refused, before and after", async () => {
    const older = await take(one);
    const taken = await takeOver(other);
    expect(taken.replaced).toBeUndefined();
    expect(await fill(one, older, write("older"))).toMatchObject({ stored: false });
    expect(older.kind === "token" && (await tierOf(one).release(key, older.token, CONTEXT))).toBe(false);
    expect((await take(one)).kind).toBe("busy");
    expect((await fill(other, taken, write("taken"))).stored).toBe(true);
    expect(await fill(one, older, write("older"))).toMatchObject({ stored: false });
    expect(await read()).toBe("taken");
  });

  it("gives the token beside data that stands in", async () => {
    await one.set(key, write("old", { ttlMs: SHORT_MS, staleMs: 60_000 }), CONTEXT);
    await delay(2 * SHORT_MS);
    const older = await take(one);
    const taken = await takeOver(other);
    expect(textOf(taken.stale)).toBe("old");
    expect(await fill(one, older, write("older"))).toMatchObject({ stored: false });
    expect((await fill(other, taken, write("taken"))).stored).toBe(true);
    expect(await read()).toBe("taken");
  });

  if (!hasRoomBeside) {
    it("answers with the entry that lives, for a write on condition of its version", async () => {
      const { version } = await one.set(key, write("live"), CONTEXT);
      const lease = await tierOf(other).getOrLease(key, { tokenMs: TOKEN_MS, takesOver: true }, CONTEXT);
      expect(lease.kind === "hit" && [textOf(lease.entry), lease.entry.version]).toEqual(["live", version]);
    });
    return;
  }

  describe("where an entry lives", () => {
    const put = async (details: Partial<EntryWrite> = {}): Promise<number> =>
      (await one.set(key, write("live", details), CONTEXT)).version;

    it("gives the token beside it; it goes on under another version, and a write on condition of the one before is refused", async () => {
      const version = await put({ tags: [tag] });
      const taken = await takeOver(other);
      expect(taken).toMatchObject({ stale: undefined, replaced: { previousVersion: version } });
      const entry = await entryOf();
      expect([textOf(entry), entry?.version, entry?.tags]).toEqual(["live", taken.replaced?.version, [tag]]);
      expect(entry?.version).toBeGreaterThan(version);
      const condition = { kind: "version", version } as const;
      expect((await one.set(key, write("refreshed", { condition }), CONTEXT)).stored).toBe(false);
      expect((await take(one)).kind).toBe("hit");
      expect((await fill(other, taken, write("taken"))).stored).toBe(true);
      expect(await read()).toBe("taken");
    });

    it("gives it again to the next one, and leaves the entry alone when it is given back", async () => {
      await put();
      const first = await takeOver(one);
      const second = await takeOver(other);
      expect(second.replaced?.previousVersion).toBe(first.replaced?.version);
      expect(await fill(one, first, write("first"))).toMatchObject({ stored: false });
      expect(await tierOf(other).release(key, second.token, CONTEXT)).toBe(true);
      expect(await read()).toBe("live");
      expect(await fill(other, second, write("second"))).toMatchObject({ stored: false });
      const renewed = { version: second.replaced?.version ?? 0, token: undefined, ttlMs: 60_000 };
      expect((await tierOf(other).renew?.(key, renewed, CONTEXT))?.stored).toBe(true);
      expect(await read()).toBe("live");
    });

    it("lets the token outlive the entry, which ends when it should", async () => {
      await put({ ttlMs: 10 * SHORT_MS });
      const taken = await takeOver(other);
      expect(await read()).toBe("live");
      await delay(12 * SHORT_MS);
      expect(await read()).toBeUndefined();
      expect((await take(one)).kind).toBe("busy");
      expect((await fill(other, taken, write("taken"))).stored).toBe(true);
      expect(await read()).toBe("taken");
    });

    const voiders: readonly [string, () => unknown, string | undefined][] = [
      ["a write", () => one.set(key, write("newer"), CONTEXT), "newer"],
      ["a delete", () => one.delete(key, CONTEXT), undefined],
      ["an invalidation of its tag", () => one.invalidateTags?.([tag], CONTEXT), undefined],
      ["a clear of its namespace", () => one.clear?.("takeover", CONTEXT), undefined],
    ];
    it.each(voiders)("refuses the result after %s", async (_, end, newer) => {
      await put({ tags: [tag] });
      const taken = await takeOver(other);
      await end();
      expect(await fill(other, taken, write("taken", { tags: [tag] }))).toMatchObject({ stored: false });
      expect(await read()).toBe(newer);
    });

    it("renews it under the token", async () => {
      await put({ tags: [tag] });
      const { token, replaced } = await takeOver(other);
      const renewal = { version: replaced?.version ?? 0, token, ttlMs: 600_000 };
      expect((await tierOf(other).renew?.(key, renewal, CONTEXT))?.stored).toBe(true);
      const entry = await entryOf();
      expect([textOf(entry), entry?.tags]).toEqual(["live", [tag]]);
      expect((entry?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(500_000);
    });

    it("counts on where a counter lives, and refuses the result of a load that began before", async () => {
      const count = { delta: 1n, initial: 0n, ttlMs: 60_000, minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };
      await one.increment?.(key, count, CONTEXT);
      const taken = await takeOver(other);
      expect(await one.increment?.(key, count, CONTEXT)).toMatchObject({ value: 2n });
      expect(await fill(other, taken, write("1"))).toMatchObject({ stored: false });
      expect(await one.increment?.(key, count, CONTEXT)).toMatchObject({ value: 3n });
    });
  });
});
