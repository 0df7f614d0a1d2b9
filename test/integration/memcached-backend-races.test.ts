import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { reservedKey } from "../../src/backends/memcached/reserved-key.ts";
import type { StoreOperations } from "../../src/backends/memcached/store-operations.ts";
import type { MetaRequest } from "../../src/clients/memcached/meta-message.ts";
import type { RequestGate } from "./support/gated-client.ts";
import { openGated, openMemcached } from "./support/memcached-target.ts";

let server: TestServer;
let other: Backend;
let store: StoreOperations;
let gate: RequestGate;
let close: () => Promise<void>;
let keyCount = 0;

beforeAll(async () => {
  server = await startMemcached();
  other = await openMemcached(server);
});

afterAll(async () => {
  await other.close();
  await server.stop();
});

beforeEach(async () => {
  ({ store, gate, close } = await openGated(server));
});

afterEach(() => close());

const NEVER = Number.POSITIVE_INFINITY;
const COUNT = { delta: 1n, initial: 0n, ttlMs: NEVER, minimum: MIN_COUNTER, maximum: MAX_COUNTER };

function newKey(): string {
  keyCount += 1;
  return `@races/${keyCount}:key`;
}

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: NEVER, tags: [], ...details };
}

async function textOf(backend: Pick<Backend, "get">, key: string): Promise<string | undefined> {
  const entry = await backend.get(key, {});
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

/** Lets something happen once, right before the first request that fits. */
function once(fits: (request: MetaRequest) => boolean, act: () => unknown): void {
  gate.before = (request) => {
    if (!fits(request)) return undefined;
    gate.before = undefined;
    return Promise.resolve(act());
  };
}

/** A write of a CAS loop, for `ME` in the middle and `C` with a number are what it is made with. */
const isConditionalSet = (request: MetaRequest): boolean => request.kind === "set" && / C\d| ME T/.test(request.flags);

describe("a write on condition, when something comes between its read and its write", () => {
  it("is refused by a write, and names the version of that", async () => {
    const key = newKey();
    const { version } = await store.set(key, write("first"), {});
    let between = 0;
    once(isConditionalSet, async () => {
      between = (await other.set(key, write("between"), {})).version;
    });
    const late = await store.set(key, write("late", { condition: { kind: "version", version } }), {});
    expect(late).toEqual({ stored: false, version: between });
    expect(await textOf(other, key)).toBe("between");
  });

  it("is refused by a delete, and brings nothing back", async () => {
    const key = newKey();
    const { version } = await store.set(key, write("first"), {});
    once(isConditionalSet, () => other.delete(key, {}));
    const late = await store.set(key, write("late", { condition: { kind: "version", version } }), {});
    expect(late).toEqual({ stored: false, version: 0 });
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("does not create what somebody else has created", async () => {
    const key = newKey();
    once(isConditionalSet, () => other.set(key, write("theirs"), {}));
    const late = await store.set(key, write("late", { condition: { kind: "absent" } }), {});
    expect(late.stored).toBe(false);
    expect(await textOf(other, key)).toBe("theirs");
  });

  it("hands out the value that it really replaced", async () => {
    const key = newKey();
    await store.set(key, write("first"), {});
    once(isConditionalSet, () => other.set(key, write("between"), {}));
    const { previous } = await store.set(key, write("last", { returnPrevious: true }), {});
    expect(Buffer.from(previous?.value as Uint8Array).toString()).toBe("between");
  });

  it("does not give a new TTL to what was deleted", async () => {
    const key = newKey();
    await store.set(key, write("first"), {});
    once(isConditionalSet, () => other.delete(key, {}));
    expect(await store.expire(key, 60_000, {})).toBe(false);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("commits a transaction of one key on the state that it checked, or not at all", async () => {
    const key = newKey();
    const { version } = await store.set(key, write("first"), {});
    once(isConditionalSet, () => other.set(key, write("between"), {}));
    const late = await store.commit([{ key, version }], [{ key, write: write("late") }], {});
    expect(late).toEqual({ committed: false, versions: [] });
    expect(await textOf(other, key)).toBe("between");
  });
});

describe("a delete", () => {
  it("removes what was written between its look and itself, and says that something was there", async () => {
    const key = newKey();
    await store.set(key, write("first"), {});
    once(
      ({ kind }) => kind === "delete",
      () => other.set(key, write("between"), {}),
    );
    expect(await store.delete(key, {})).toBe(true);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("that found a dead entry says that something was there when a live one came before it removed it", async () => {
    const key = newKey();
    await store.set(key, write("short", { ttlMs: 1 }), {});
    while ((await store.get(key, {})) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    once(
      ({ kind }) => kind === "delete",
      () => other.set(key, write("alive"), {}),
    );
    expect(await store.delete(key, {})).toBe(true);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("ends in the end also when somebody writes the key all the time", async () => {
    const key = newKey();
    await store.set(key, write("first"), {});
    gate.before = (request) =>
      request.kind === "delete" && request.flags !== "" ? other.set(key, write("again"), {}) : undefined;
    expect(await store.delete(key, {})).toBe(true);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("leaves it to another delete to have removed the entry", async () => {
    const key = newKey();
    await store.set(key, write("first"), {});
    let isFirst: boolean | undefined;
    once(
      ({ kind }) => kind === "delete",
      async () => {
        isFirst = await other.delete(key, {});
      },
    );
    expect([await store.delete(key, {}), isFirst]).toEqual([false, true]);
  });
});

describe("a clear by another client", () => {
  it("does not end what is written after it, although the writer knew only the mark of before", async () => {
    const key = newKey();
    const namespace = key.slice(1, key.indexOf(":"));
    await store.set(key, write("before"), {});
    await other.clear?.(namespace, {});
    await store.set(key, write("after"), {});
    expect(await textOf(other, key)).toBe("after");
    await other.clear?.(namespace, {});
    await store.setMulti([[key, write("in a batch")]], {});
    expect(await textOf(other, key)).toBe("in a batch");
  });

  it("ends what it met, also when a counter or a new TTL is written with what was read before it", async () => {
    const key = newKey();
    const namespace = key.slice(1, key.indexOf(":"));
    await store.increment(key, { ...COUNT, delta: 5n }, {});
    once(isConditionalSet, () => other.clear?.(namespace, {}));
    await store.increment(key, COUNT, {});
    expect(await other.get(key, {})).toBeUndefined();
    await store.set(key, write("value"), {});
    once(isConditionalSet, () => other.clear?.(namespace, {}));
    await store.expire(key, 60_000, {});
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("of one namespace between a read's look at the entry and at the mark makes a miss, or the entry of before", async () => {
    const key = newKey();
    const namespace = key.slice(1, key.indexOf(":"));
    await store.set(key, write("before"), {});
    const mark = reservedKey("n", namespace).text;
    once(
      (request) => request.kind === "get" && request.key.text === mark,
      () => other.clear?.(namespace, {}),
    );
    expect(await store.get(key, {})).toBeUndefined();
  });

  it("of the root ends every namespace, and keeps versions growing", async () => {
    const key = newKey();
    const { version } = await store.set(key, write("before"), {});
    await other.clear?.("", {});
    expect(await store.get(key, {})).toBeUndefined();
    expect((await store.set(key, write("after"), {})).version).toBeGreaterThan(version);
    expect(await textOf(other, key)).toBe("after");
  });
});

describe("reads of one turn", () => {
  it("ask for the mark of their namespaces once, whoever asks how often", async () => {
    const key = newKey();
    await store.set(key, write("value"), {});
    gate.seen.length = 0;
    await Promise.all(Array.from({ length: 50 }, () => store.get(key, {})));
    // Root, "races", and the namespace itself.
    expect(gate.seen.length).toBe(50 + 3);
  });

  it("do not take a mark that was asked for before they began", async () => {
    const key = newKey();
    const namespace = key.slice(1, key.indexOf(":"));
    await store.set(key, write("before"), {});
    const early = store.get(key, {});
    await new Promise((resolve) => setImmediate(resolve));
    await other.clear?.(namespace, {});
    const late = store.get(key, {});
    await early;
    expect(await late).toBeUndefined();
  });
});

describe("a tag that is invalidated", () => {
  it("between the reading of its mark and the write of the entry ends the entry", async () => {
    const [key, tag] = [newKey(), newKey()];
    once(
      (request) => request.kind === "set" && request.key.text === key,
      () => other.invalidateTags?.([tag], {}),
    );
    await store.set(key, write("value", { tags: [tag] }), {});
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("stays invalidated for a load's result when its item was evicted", async () => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    await other.invalidateTags?.([tag], {});
    await evict(reservedKey("t", tag));
    const late = await store.set(key, write("loaded", { tags: [tag], tagsUnchangedSince }), {});
    expect(late.stored).toBe(false);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("is none when no tag was: the first result with a new tag is stored", async () => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    const first = await store.set(key, write("loaded", { tags: [tag], tagsUnchangedSince }), {});
    expect(first.stored).toBe(true);
    expect(await textOf(other, key)).toBe("loaded");
  });

  it("is none when another load made its mark: a batch of results with a new tag is stored", async () => {
    const [key, tag] = [newKey(), newKey()];
    const keys = Array.from({ length: 20 }, (_, index) => `${key} ${index}`);
    const tagsUnchangedSince = await store.stamp?.({});
    const load = (name: string): EntryWrite => write(name, { tags: [tag], tagsUnchangedSince });
    const [first, second, ...others] = keys as [string, string, ...string[]];
    // Those that miss the mark at the same time, then one alone, then a batch of the store's.
    const together = await Promise.all([first, second].map((name) => store.set(name, load(name), {})));
    const alone = await store.set(first, load("again"), {});
    const batch = await store.setMulti(
      others.map((name) => [name, load(name)]),
      {},
    );
    expect([...together, alone, ...batch].filter(({ stored }) => !stored)).toEqual([]);
    const entries = await other.getMulti(keys, {});
    expect(entries.filter((entry) => entry === undefined)).toEqual([]);
    await other.invalidateTags?.([tag], {});
    expect((await other.getMulti(keys, {})).filter((entry) => entry !== undefined)).toEqual([]);
    expect((await store.set(first, load("late"), {})).stored).toBe(false);
  });

  it.each([
    ["stands there", false],
    ["was evicted", true],
  ])("refuses a result whose mark another load made: the invalidation's mark %s", async (_, isEvicted) => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    await other.invalidateTags?.([tag], {});
    if (isEvicted) {
      await evict(reservedKey("t", tag));
      const later = { tags: [tag], tagsUnchangedSince: await store.stamp?.({}) };
      expect((await store.set(`${key} 2`, write("loaded after it", later), {})).stored).toBe(true);
    }
    const late = await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {});
    expect(late.stored).toBe(false);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("between the look at a mark and its making, and evicted at once, refuses the result", async () => {
    const [key, tag] = [newKey(), newKey()];
    const mark = reservedKey("t", tag);
    const tagsUnchangedSince = await store.stamp?.({});
    once(
      (request) => request.kind === "set" && request.key.text === mark.text,
      async () => {
        await other.invalidateTags?.([tag], {});
        await evict(mark);
      },
    );
    expect((await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {})).stored).toBe(false);
    expect(await other.get(key, {})).toBeUndefined();
  });

  it.each([
    ["mark", (tag: string) => reservedKey("t", tag)],
    ["sign that some tag was", () => reservedKey("i", "")],
  ])("before the look at the %s refuses a result that found another load's mark", async (_, keyOf) => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    await store.set(`${key} 2`, write("first", { tags: [tag], tagsUnchangedSince }), {});
    const { text } = keyOf(tag);
    once(
      (request) => request.kind === "get" && request.key.text === text,
      async () => {
        // What was asked for before has been answered by then.
        await store.get(`${key} 3`, {});
        await other.invalidateTags?.([tag], {});
      },
    );
    await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {});
    // Stored with the mark of before or not: nobody may see it.
    expect(gate.before).toBeUndefined();
    expect(await other.get(key, {})).toBeUndefined();
  });

  it("by halves, as when it is on its way, lets no result live that was loaded before it", async () => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    const { requests, replay, end } = await recordInvalidation(tag);
    const [first, second] = requests as [MetaRequest, MetaRequest];
    await replay(first);
    await evict(reservedKey("t", tag));
    await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {});
    await replay(second);
    expect(await other.get(key, {})).toBeUndefined();
    await end();
  });

  it("whose sign was evicted refuses every result whose tags have no mark from before it", async () => {
    const [key, tag] = [newKey(), newKey()];
    const tagsUnchangedSince = await store.stamp?.({});
    await evict(reservedKey("i", ""));
    expect((await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {})).stored).toBe(false);
    // Made anew by a stamp, it is younger than the load.
    const next = await store.stamp?.({});
    expect((await store.set(key, write("late", { tags: [tag], tagsUnchangedSince }), {})).stored).toBe(false);
    expect((await store.set(key, write("new", { tags: [tag], tagsUnchangedSince: next }), {})).stored).toBe(true);
  });

  it("counts as invalidated when its item was evicted", async () => {
    const [key, tag] = [newKey(), newKey()];
    await store.set(key, write("value", { tags: [tag] }), {});
    await evict(reservedKey("t", tag));
    expect(await store.get(key, {})).toBeUndefined();
    await store.set(`${key} 2`, write("new", { tags: [tag] }), {});
    expect(await other.get(key, {})).toBeUndefined();
    expect(await textOf(other, `${key} 2`)).toBe("new");
  });
});

describe("a namespace's mark that is evicted", () => {
  it("makes everything older a miss for ever, and new writes live", async () => {
    const key = newKey();
    const namespace = key.slice(1, key.indexOf(":"));
    await store.set(key, write("old"), {});
    for (const path of [namespace, ""]) {
      await evict(reservedKey("n", path));
      expect(await store.get(key, {})).toBeUndefined();
      await store.set(`${key} 2`, write("new"), {});
      expect(await other.get(key, {})).toBeUndefined();
      expect(await textOf(other, `${key} 2`)).toBe("new");
    }
  });
});

/** The requests of an invalidation, none of them sent yet. */
async function recordInvalidation(tag: string): Promise<{
  readonly requests: readonly MetaRequest[];
  readonly replay: (request: MetaRequest) => Promise<unknown>;
  readonly end: () => Promise<void>;
}> {
  const { store: recorded, gate: own, client, close: end } = await openGated(server);
  const before = own.seen.length;
  own.before = () => Promise.reject(new Error("not sent"));
  await expect(recorded.invalidateTags?.([tag], {})).rejects.toThrow("not sent");
  const replay = (request: MetaRequest): Promise<unknown> =>
    client.send(request, { operation: "replay", kind: "write" });
  return { requests: own.seen.slice(before), replay, end };
}

/** As the server does when it has no memory left. */
async function evict(key: { readonly text: string; readonly isBase64: boolean }): Promise<void> {
  const { close: end, client } = await openGated(server);
  await client.send({ kind: "delete", key, flags: "" }, { operation: "evict", kind: "write" });
  await end();
}
