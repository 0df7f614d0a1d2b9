import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { codecSettings } from "../../test/support/codec/codec-settings.ts";
import type { Backend } from "../backend/backend.ts";
import type { BackendCapabilities } from "../backend/capabilities.ts";
import type { LoadLease, LoadTier } from "../backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import { createCodec } from "../codec/create-codec.ts";
import { systemClock } from "../foundation/clock.ts";
import { EntryTooLargeError, SerializationError, UnreadableValueError } from "../foundation/errors.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { createCodedBackend } from "./coded-backend.ts";
import { StoredValues } from "./stored-values.ts";

const REQUEST = { tokenMs: 1_000 };
const FOREIGN = Buffer.from("foreign bytes");

function write(value: unknown, extra: Partial<EntryWrite> = {}): EntryWrite {
  return { value, ttlMs: 60_000, tags: [], ...extra };
}

interface OpenOptions {
  readonly throws?: boolean;
  readonly stale?: unknown;
  readonly capabilities?: Partial<Omit<BackendCapabilities, "storage" | "local">>;
  readonly fillError?: Error;
  /** Calls that not every tier has. */
  readonly more?: Partial<LoadTier>;
}

/** A store of bytes with the smallest load tier: one token a key, and stale data of the test's. */
function open({ throws = false, stale, capabilities = {}, fillError, more = {} }: OpenOptions = {}) {
  const store = createMapBackend({ async: true, storage: "bytes", capabilities });
  const codec = createCodec(codecSettings(), { clock: systemClock, scheduler: systemScheduler });
  const released: unknown[] = [];
  const filled: EntryWrite[] = [];
  const unreadable: string[] = [];
  const kept = (): StoredEntry | undefined =>
    stale === undefined ? undefined : { value: stale, version: 1, expiresAt: 0, tags: [] };
  const tier: LoadTier = {
    async getOrLease(key): Promise<LoadLease> {
      const entry = await store.get(key, {});
      return entry === undefined ? { kind: "token", token: `token of ${key}`, stale: kept() } : { kind: "hit", entry };
    },
    async fill(key, { write: entry }) {
      if (fillError !== undefined) throw fillError;
      filled.push(entry);
      return store.set(key, entry, {});
    },
    async release(_key, token) {
      released.push(token);
      return true;
    },
    ...more,
  };
  const backend: Backend = { ...store, loadTier: tier };
  const values = new StoredValues(codec, { throws, onUnreadable: (key) => void unreadable.push(key) });
  const coded = createCodedBackend({ backend, codec, values });
  return { store, codec, coded, tier: coded.loadTier as LoadTier, released, filled, unreadable };
}

function tokenOf(lease: LoadLease): object | string {
  if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
  return lease.token;
}

describe("the load tier of a store behind the codec", () => {
  it("takes values in and hands values out, and leaves the rest of a write as it is", async () => {
    const { tier, filled, store } = open();
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    expect(token).toBe("token of k");
    const entry = write({ at: new Date(5) }, { staleMs: 7, tags: ["t"], tagsUnchangedSince: Number.MAX_SAFE_INTEGER });
    expect(await tier.fill("k", { token, write: entry }, {})).toMatchObject({ stored: true });
    expect(filled[0]).toMatchObject({ ttlMs: 60_000, staleMs: 7, tags: ["t"] });
    expect((await store.get("k", {}))?.value).toBeInstanceOf(Uint8Array);
    const hit = await tier.getOrLease("k", REQUEST, {});
    expect(hit.kind === "hit" && [hit.entry.value, hit.entry.tags]).toEqual([{ at: new Date(5) }, ["t"]]);
  });

  it("has what the store's has: no messages where there are none, and none at all where there is none", () => {
    const { tier, store, codec } = open();
    expect(tier.watchKey).toBe(undefined);
    const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
    expect(createCodedBackend({ backend: store, codec, values }).loadTier).toBe(undefined);
  });

  it("hands claims to refresh on as they are", async () => {
    const asked: unknown[][] = [];
    const more: Partial<LoadTier> = {
      claimRefresh: async (...all) => asked.push(["claim", ...all]) === 1,
      releaseRefresh: async (...all) => void asked.push(["release", ...all]),
    };
    const { tier } = open({ more });
    expect(await tier.claimRefresh?.("k", 5, 100, {})).toBe(true);
    await tier.releaseRefresh?.("k", 5, {});
    expect(asked).toEqual([
      ["claim", "k", 5, 100, {}],
      ["release", "k", 5, {}],
    ]);
    expect([open().tier.claimRefresh, open().tier.releaseRefresh]).toEqual([undefined, undefined]);
  });

  it("hands out stale data as values, and none that nobody can read", async () => {
    const { codec } = open();
    const readable = await open({ stale: await codec.encode("old", "k") }).tier.getOrLease("k", REQUEST, {});
    expect(readable.kind === "token" && readable.stale?.value).toBe("old");
    for (const throws of [false, true]) {
      const { tier, unreadable } = open({ stale: FOREIGN, throws });
      const lease = await tier.getOrLease("k", REQUEST, {});
      expect([lease.kind === "token" && lease.stale, unreadable]).toEqual([undefined, ["k"]]);
    }
  });

  it("gives back the token of a value that cannot be written, and tells why", async () => {
    const { tier, released, filled } = open();
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    const filling = tier.fill("k", { token, write: write({ f: () => 1 }) }, {});
    await expect(filling).rejects.toBeInstanceOf(SerializationError);
    expect([released, filled]).toEqual([["token of k"], []]);
  });

  it("gives back the token of a value that is too large for the store", async () => {
    const { tier, released } = open({ fillError: new EntryTooLargeError(9, 8) });
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    await expect(tier.fill("k", { token, write: write("v") }, {})).rejects.toBeInstanceOf(EntryTooLargeError);
    expect(released).toEqual(["token of k"]);
  });

  it("keeps the token when the store failed: whether it stored nobody knows", async () => {
    const { tier, released } = open({ fillError: new Error("lost") });
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    await expect(tier.fill("k", { token, write: write("v") }, {})).rejects.toThrow("lost");
    expect(released).toEqual([]);
  });

  it("sends nothing for a caller that left while its value was encoded, and gives its token back", async () => {
    const { tier, released, filled } = open();
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    const controller = new AbortController();
    const filling = tier.fill("k", { token, write: write("v") }, { signal: controller.signal });
    controller.abort(new Error("left"));
    await expect(filling).rejects.toThrow("left");
    expect([released, filled]).toEqual([["token of k"], []]);
  });
});

describe("a live entry that cannot be read", () => {
  it("is not renewed: it was shown to nobody", async () => {
    const renewed: unknown[] = [];
    const more: Partial<LoadTier> = {
      async renew(_key, renewal) {
        renewed.push(renewal.token);
        return { stored: true, version: 9 };
      },
    };
    const { tier, store } = open({ more });
    await store.set("k", write(FOREIGN), {});
    const token = tokenOf(await tier.getOrLease("k", REQUEST, {}));
    expect(await tier.renew?.("k", { version: 1, token, ttlMs: 1 }, {})).toBe(undefined);
    expect(await tier.renew?.("k", { version: 1, token: "own", ttlMs: 1 }, {})).toEqual({ stored: true, version: 9 });
    expect(renewed).toEqual(["own"]);
  });

  it("is loaded anew, and replaced", async () => {
    const { tier, store, coded, unreadable, released } = open();
    await store.set("k", write(FOREIGN), {});
    const lease = await tier.getOrLease("k", REQUEST, {});
    expect([lease.kind, unreadable]).toEqual(["token", ["k"]]);
    const filled = await tier.fill("k", { token: tokenOf(lease), write: write("new") }, {});
    expect(filled.stored).toBe(true);
    expect(await coded.get("k", {})).toMatchObject({ value: "new", version: filled.version });
    expect(await tier.release("k", tokenOf(lease), {})).toBe(false);
    expect(released).toEqual([]);
  });

  const changes: readonly [string, (of: ReturnType<typeof open>) => unknown][] = [
    ["written", async ({ store, codec }) => store.set("k", write(await codec.encode("theirs", "k")), {})],
    ["deleted", ({ store }) => store.delete("k", {})],
    ["cleared", ({ store }) => store.clear?.("", {})],
    [
      "replaced by another loader",
      async ({ tier }) => {
        const lease = await tier.getOrLease("k", REQUEST, {});
        await tier.fill("k", { token: tokenOf(lease), write: write("theirs") }, {});
      },
    ],
  ];
  it.each(changes)("is not replaced when it was %s meanwhile", async (_, change) => {
    const opened = open();
    await opened.store.set("k", write(FOREIGN), {});
    const lease = await opened.tier.getOrLease("k", REQUEST, {});
    await change(opened);
    const before = await opened.coded.get("k", {});
    const late = await opened.tier.fill("k", { token: tokenOf(lease), write: write("late") }, {});
    expect(late).toEqual({ stored: false, version: 0 });
    expect((await opened.coded.get("k", {}))?.value).toBe(before?.value);
  });

  it("is not replaced by a result whose tag was invalidated during its load, with a stamp of the caller's and without", async () => {
    for (const isStamped of [false, true]) {
      const { tier, store } = open();
      await store.set("k", write(FOREIGN), {});
      const tagsUnchangedSince = isStamped ? await store.stamp?.({}) : undefined;
      if (isStamped) await store.invalidateTags?.(["t"], {});
      const lease = await tier.getOrLease("k", REQUEST, {});
      if (!isStamped) await store.invalidateTags?.(["t"], {});
      const late = write("late", { tags: ["t"], tagsUnchangedSince });
      expect((await tier.fill("k", { token: tokenOf(lease), write: late }, {})).stored).toBe(false);
    }
  });

  it("is left alone by a store that cannot replace on condition", async () => {
    const { tier, store } = open({ capabilities: { conditionalWrites: false, transactions: "none", counters: false } });
    await store.set("k", write(FOREIGN), {});
    const lease = await tier.getOrLease("k", REQUEST, {});
    expect((await tier.fill("k", { token: tokenOf(lease), write: write("new") }, {})).stored).toBe(false);
    expect((await store.get("k", {}))?.value).toEqual(FOREIGN);
  });

  it("is an error where that is asked for", async () => {
    const { tier, store } = open({ throws: true });
    await store.set("k", write(FOREIGN), {});
    await expect(tier.getOrLease("k", REQUEST, {})).rejects.toBeInstanceOf(UnreadableValueError);
  });
});
