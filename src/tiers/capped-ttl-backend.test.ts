import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../backend/counter.ts";
import type { LoadTier } from "../backend/load-tier.ts";
import type { EntryWrite } from "../backend/stored-entry.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { createCappedTtlBackend } from "./capped-ttl-backend.ts";

const MAX_TTL_MS = 1_000;
const FOREVER: EntryWrite = { value: "v", ttlMs: Number.POSITIVE_INFINITY, tags: [] };

function open() {
  const time = createFakeTime();
  const store = createMapBackend({ clock: time.clock });
  return { time, store, capped: createCappedTtlBackend(store, MAX_TTL_MS) };
}

describe("a store with a longest TTL", () => {
  const ways: readonly [string, (store: Backend) => unknown][] = [
    ["a write", (store) => store.set("k", FOREVER, {})],
    ["a batch", (store) => store.setMulti([["k", { ...FOREVER, ttlMs: MAX_TTL_MS + 1 }]], {})],
    ["a commit", (store) => store.commit?.([], [{ key: "k", write: FOREVER }], {})],
    [
      "a counter that begins",
      (store) =>
        store.increment?.(
          "k",
          { delta: 1n, initial: 0n, ttlMs: 9_000, minimum: MIN_COUNTER, maximum: MAX_COUNTER },
          {},
        ),
    ],
    [
      "a new end",
      async (store) => {
        await store.set("k", { ...FOREVER, ttlMs: 10 }, {});
        await store.expire("k", Number.POSITIVE_INFINITY, {});
      },
    ],
  ];
  it.each(ways)("ends what has come by %s when that is over", async (_, write) => {
    const { time, capped } = open();
    await write(capped);
    expect(await capped.get("k", {})).toMatchObject({ expiresAt: time.clock.wallMs() + MAX_TTL_MS });
    await time.advanceAsync(MAX_TTL_MS);
    expect(await capped.get("k", {})).toBeUndefined();
  });

  it("leaves shorter ends, deletes of a commit, and what is read as they are", async () => {
    const { time, store, capped } = open();
    await capped.set("k", { ...FOREVER, ttlMs: 400 }, {});
    expect(await capped.get("k", {})).toMatchObject({ expiresAt: time.clock.wallMs() + 400 });
    await capped.expire("k", 0, {});
    expect(await capped.get("k", {})).toBeUndefined();
    await capped.set("k", FOREVER, {});
    await capped.commit?.([], [{ key: "k", write: undefined }], {});
    expect(await capped.get("k", {})).toBeUndefined();
    await store.set("k", FOREVER, {});
    expect(await capped.get("k", {})).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
  });

  it("keeps data to stand in on top of it", async () => {
    const { time, capped } = open();
    await capped.set("k", { ...FOREVER, staleMs: 500 }, {});
    await time.advanceAsync(MAX_TTL_MS + 499);
    expect(await capped.getStale?.(["k"], {})).toMatchObject([{ value: "v" }]);
    await time.advanceAsync(1);
    expect(await capped.getStale?.(["k"], {})).toEqual([undefined]);
  });

  it("shortens sliding TTLs, fills and renewals too", async () => {
    const asked: unknown[] = [];
    const stored = { stored: true, version: 1 };
    const loadTier: LoadTier = {
      getOrLease: async () => ({ kind: "busy", remainingMs: 1, stale: undefined }),
      fill: async (_key, { write }) => {
        asked.push(write.ttlMs);
        return stored;
      },
      renew: async (_key, { ttlMs }) => {
        asked.push(ttlMs);
        return stored;
      },
      release: async () => true,
      claimRefresh: async () => true,
      releaseRefresh: async () => undefined,
      watchKey: () => () => undefined,
    };
    const store: Backend = {
      ...createMapBackend(),
      loadTier,
      set: (_key, { ttlMs, slidingTtlMs }) => {
        asked.push(ttlMs, slidingTtlMs);
        return stored;
      },
    };
    const capped = createCappedTtlBackend(store, MAX_TTL_MS);
    await capped.set("k", { ...FOREVER, ttlMs: 5_000, slidingTtlMs: 5_000 }, {});
    await capped.loadTier?.fill("k", { token: "t", write: FOREVER }, {});
    await capped.loadTier?.renew?.("k", { version: 1, token: "t", ttlMs: 5_000 }, {});
    expect(asked).toEqual([MAX_TTL_MS, MAX_TTL_MS, MAX_TTL_MS, MAX_TTL_MS]);
    expect(await capped.loadTier?.release("k", "t", {})).toBe(true);
    expect(Object.keys(capped.loadTier ?? {}).sort()).toEqual(Object.keys(loadTier).sort());
    const withoutRenewal = { ...store, loadTier: { ...loadTier, renew: undefined, watchKey: undefined } };
    expect(createCappedTtlBackend(withoutRenewal as unknown as Backend, 1).loadTier).not.toHaveProperty("renew");
  });

  it("says what it does, and hands on what else the store can", () => {
    const { store, capped } = open();
    expect(capped).toMatchObject({
      name: "map",
      maxTtlMs: MAX_TTL_MS,
      epoch: store.epoch,
      capabilities: store.capabilities,
    });
    const methods = Object.keys(store).filter((name) => typeof store[name as keyof Backend] === "function");
    const own = methods.filter((name) => name !== "hold" && name !== "openSecond");
    expect(Object.keys(capped)).toEqual(expect.arrayContaining(own));
    expect(capped.peek?.("k")).toBeUndefined();
  });
});
