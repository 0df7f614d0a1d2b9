import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { DEADLINES_FIELDS } from "../../src/config/sections/deadlines-config.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { BackendUnavailableError, EntryTooLargeError, SerializationError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import type { Loader } from "../../src/loading/loader.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { createCodedBackend } from "../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../src/tiers/stored-values.ts";
import { codecSettings } from "../support/codec/codec-settings.ts";
import type { FleetStore } from "../support/map-fleet.ts";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";
import { type MarkedTable, readMarkedTable } from "./marked-table.ts";

const page = readFileSync(new URL("../../docs/guide/get-or-set.md", import.meta.url), "utf8");

/** What one cell of a table says, and what shows that it is so. */
type Claim<Situation> = readonly [says: string, check: (situation: Situation) => Promise<void>];

/** Rows of a table, with the claims of their cells in the order of its columns. */
type Claims<Situation> = Readonly<Record<string, readonly Claim<Situation>[]>>;

function tableOf<Situation>(columns: readonly string[], claims: Claims<Situation>): MarkedTable {
  return new Map(
    Object.entries(claims).map(([row, cells]) => [row, new Map(cells.map(([says], at) => [columns[at] ?? "", says]))]),
  );
}

/** Every cell of a table that the page has, with its check; cells that the page lacks are the other test's matter. */
function cellsOf<Situation>(marker: string, columns: readonly string[], claims: Claims<Situation>) {
  return [...readMarkedTable(page, marker)].flatMap(([row, cells]) =>
    columns.flatMap((column, at) => {
      const claim = claims[row]?.[at];
      const says = cells.get(column);
      return claim === undefined || says === undefined ? [] : [{ row, column, says, check: claim[1] }];
    }),
  );
}

/** The largest entry that the stores of the first table take. */
const MAX_STORED_BYTES = 50_000;
/** What their codec takes, where they have one. */
const MAX_VALUE_BYTES = 100_000;

const WAITS = Symbol("still waits");

/** What a caller has got by now: its value, its error in a box, or {@link WAITS}. */
function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return Promise.race([call.catch((error: unknown) => ({ error })), settle().then(() => WAITS)]);
}

/** A loader that keeps the signals it was called with. */
function counted<T>(answer: () => T | Promise<T>): { readonly signals: AbortSignal[]; readonly load: Loader<T> } {
  const signals: AbortSignal[] = [];
  return {
    signals,
    load: ({ signal }) => {
      signals.push(signal);
      return answer();
    },
  };
}

/** A cache, and the options of its calls: with them the column says what can stand in for the keys "k" and "other". */
interface SourceSituation {
  readonly test: TestCache;
  readonly options: GetOrSetOptions;
}

const SOURCE_COLUMNS: readonly string[] = [
  "nothing can stand in",
  "something within `grace`",
  "something within `staleWhileRevalidate`",
];

/** By column, how long "old" stands in. */
const KEPT: readonly GetOrSetOptions[] = [{}, { grace: 60_000 }, { staleWhileRevalidate: 60_000 }];

async function arrangeSource(open: () => TestCache, column: number): Promise<SourceSituation> {
  const test = open();
  const options = { ttl: 1_000, ...KEPT[column] };
  await test.cache.ready();
  if (column > 0) for (const key of ["k", "other"]) await test.cache.getOrSet(key, () => "old", options);
  await test.time.advanceAsync(1_500);
  return { test, options };
}

const down = new Error("The source is down.");
const failing = (): Promise<never> => Promise.reject(down);

/** The old value at once, whatever the loader is going to do. */
async function expectOldAtOnce({ test: { cache }, options }: SourceSituation, load: Loader<unknown>): Promise<void> {
  const pending = defer<void>();
  const slow: Loader<unknown> = async (context) => {
    await pending.promise;
    return load(context);
  };
  expect(await outcomeOf(cache.getOrSet("k", slow, options))).toBe("old");
  pending.resolve();
  await settle();
}

/** Says what a failure does to the calls of the next half second, and that the loader is called again afterwards. */
async function expectRemembered({ test, options }: SourceSituation, expected: unknown): Promise<void> {
  const { signals, load } = counted(failing);
  const remembering = { ...options, errorTtl: 500 };
  for (let count = 0; count < 3; count += 1) {
    expect(await outcomeOf(test.cache.getOrSet("k", load, remembering))).toEqual(expected);
    await settle();
    expect(signals).toHaveLength(1);
  }
  await test.time.advanceAsync(500);
  expect(await outcomeOf(test.cache.getOrSet("k", load, remembering))).toEqual(expected);
  await settle();
  expect(signals).toHaveLength(2);
}

/** `undefined` that is stored nowhere for "k", and `null` that is kept for half a second for "other". */
async function expectAbsence({ test: { cache, time }, options }: SourceSituation): Promise<void> {
  const without = counted(() => undefined);
  expect(await cache.getOrSet("k", without.load, options)).toBeUndefined();
  expect(await cache.getOrSet("k", without.load, options)).toBeUndefined();
  expect(without.signals).toHaveLength(2);
  await expect(cache.getOrSet("k", failing, options)).rejects.toBe(down);
  const known = counted(() => undefined);
  const negative = { ...options, negativeTtl: 500 };
  expect(await cache.getOrSet("other", known.load, negative)).toBeNull();
  expect(await cache.getOrSet("other", known.load, negative)).toBeNull();
  expect(await cache.exists("other")).toBe(true);
  const callCount = known.signals.length;
  await time.advanceAsync(500);
  expect(await cache.exists("other")).toBe(false);
  await cache.getOrSet("other", known.load, { negativeTtl: 500 });
  expect(known.signals).toHaveLength(callCount + 1);
}

const unstorable = (): unknown => ({ onClick: () => undefined });
const LARGE = "x".repeat(MAX_STORED_BYTES + 1);

const sourceClaims: Claims<SourceSituation> = {
  "is slow": [
    [
      "all callers wait for the one load",
      async ({ test: { cache, time }, options }) => {
        const slow = defer<string>();
        const { signals, load } = counted(() => slow.promise);
        const calls = [1, 2, 3].map(() => cache.getOrSet("k", load, options));
        await time.advanceAsync(10_000);
        expect(await Promise.all(calls.map(outcomeOf))).toEqual([WAITS, WAITS, WAITS]);
        slow.resolve("new");
        expect(await Promise.all(calls)).toEqual(["new", "new", "new"]);
        expect(signals).toHaveLength(1);
      },
    ],
    [
      "wait; with `softTimeout` no longer than that, then the old value",
      async ({ test: { cache, time }, options }) => {
        const slow = defer<string>();
        const patient = cache.getOrSet("k", () => slow.promise, options);
        const hasty = cache.getOrSet("k", () => slow.promise, { ...options, softTimeout: 100 });
        await time.advanceAsync(99);
        expect(await outcomeOf(hasty)).toBe(WAITS);
        await time.advanceAsync(1);
        expect(await outcomeOf(hasty)).toBe("old");
        await time.advanceAsync(10_000);
        expect(await outcomeOf(patient)).toBe(WAITS);
        slow.resolve("new");
        expect(await patient).toBe("new");
      },
    ],
    [
      "the old value at once",
      async (situation) => {
        await expectOldAtOnce(situation, () => "new");
        expect(await situation.test.cache.get("k")).toBe("new");
      },
    ],
  ],
  throws: [
    [
      "all callers of that load get its own error, as it was thrown; the next call tries again",
      async ({ test: { cache }, options }) => {
        const source = defer<never>();
        const { signals, load } = counted(() => source.promise);
        const calls = [1, 2].map(() => cache.getOrSet("k", load, options));
        await settle();
        source.reject(down);
        expect(await Promise.all(calls.map(outcomeOf))).toEqual([{ error: down }, { error: down }]);
        expect(signals).toHaveLength(1);
        expect(await cache.getOrSet("k", () => "new", options)).toBe("new");
      },
    ],
    [
      "the old value",
      async ({ test: { cache }, options }) => {
        expect(await cache.getOrSet("k", failing, options)).toBe("old");
      },
    ],
    [
      "the old value at once",
      async (situation) => {
        await expectOldAtOnce(situation, failing);
        await expectOldAtOnce(situation, failing);
      },
    ],
  ],
  "throws, with `errorTtl`": [
    [
      "the same error at once for so long, without calling the loader",
      (situation) => expectRemembered(situation, { error: down }),
    ],
    ["the old value at once for so long", (situation) => expectRemembered(situation, "old")],
    ["the old value at once; the loader is not called for so long", (situation) => expectRemembered(situation, "old")],
  ],
  hangs: [
    [
      "`GCX_LOADER_TIMEOUT` after each caller's `hardTimeout`; the loader's signal is aborted when the load's own is over",
      async ({ test: { cache, time }, options }) => {
        const { signals, load } = counted(() => new Promise<never>(() => undefined));
        const timeout = { error: expect.objectContaining({ code: "GCX_LOADER_TIMEOUT" }) };
        const first = cache.getOrSet("k", load, { ...options, hardTimeout: 1_000 });
        const hasty = cache.getOrSet("k", load, { ...options, hardTimeout: 400 });
        await time.advanceAsync(399);
        expect(await outcomeOf(hasty)).toBe(WAITS);
        await time.advanceAsync(1);
        expect(await outcomeOf(hasty)).toEqual(timeout);
        await time.advanceAsync(599);
        expect([await outcomeOf(first), signals[0]?.aborted]).toEqual([WAITS, false]);
        await time.advanceAsync(1);
        expect([await outcomeOf(first), signals[0]?.aborted]).toEqual([timeout, true]);
      },
    ],
    [
      "after `softTimeout`, else after `hardTimeout`, the old value",
      async ({ test: { cache, time }, options }) => {
        const hang = (): Promise<never> => new Promise(() => undefined);
        const hard = cache.getOrSet("k", hang, { ...options, hardTimeout: 1_000 });
        const soft = cache.getOrSet("k", hang, { ...options, hardTimeout: 1_000, softTimeout: 100 });
        await time.advanceAsync(99);
        expect(await outcomeOf(soft)).toBe(WAITS);
        await time.advanceAsync(1);
        expect(await outcomeOf(soft)).toBe("old");
        await time.advanceAsync(899);
        expect(await outcomeOf(hard)).toBe(WAITS);
        await time.advanceAsync(1);
        expect(await outcomeOf(hard)).toBe("old");
      },
    ],
    ["the old value at once", (situation) => expectOldAtOnce(situation, () => new Promise(() => undefined))],
  ],
  'says "there is none"': [
    ["`undefined`, nothing is stored; with `negativeTtl`: `null`, stored for so long", expectAbsence],
    ["the same", expectAbsence],
    [
      "the old value at once, then the same",
      async (situation) => {
        const { test, options } = situation;
        const nothing = (): undefined => undefined;
        expect(await outcomeOf(test.cache.getOrSet("k", nothing, options))).toBe("old");
        expect(await outcomeOf(test.cache.getOrSet("other", nothing, { ...options, negativeTtl: 500 }))).toBe("old");
        await settle();
        await expectAbsence(situation);
      },
    ],
  ],
  "returns what cannot be stored": [
    [
      "the error (`SerializationError`, also above `maxValueSize`); a value too large for the store is returned and not stored",
      async ({ test: { cache }, options }) => {
        await expect(cache.getOrSet("k", unstorable, options)).rejects.toBeInstanceOf(SerializationError);
        expect(await cache.getOrSet("k", () => LARGE, options)).toBe(LARGE);
        expect(await cache.exists("k")).toBe(false);
      },
    ],
    [
      "the old value for the error",
      async ({ test: { cache }, options }) => {
        expect(await cache.getOrSet("k", unstorable, options)).toBe("old");
      },
    ],
    ["the old value at once", (situation) => expectOldAtOnce(situation, unstorable)],
  ],
};

/** A store of bytes that has a limit of its own for one entry. */
function limitedBytes(clock: FakeTime["clock"]): Backend {
  const map = createMapBackend({ async: true, storage: "bytes", clock });
  return {
    ...map,
    set: (key, write, context) => {
      const sizeBytes = (write.value as Uint8Array).length;
      if (sizeBytes > MAX_STORED_BYTES) throw new EntryTooLargeError(sizeBytes, MAX_STORED_BYTES);
      return map.set(key, write, context);
    },
  };
}

/** A cache over a store of bytes, in fake time: whatever it keeps is serialized. */
function openBytes(): TestCache {
  const time = createFakeTime();
  const { clock, scheduler } = time;
  const codec = createCodec(codecSettings({ maxValueBytes: MAX_VALUE_BYTES }), time);
  const values = new StoredValues(codec, { throws: true, onUnreadable: () => undefined });
  const store = createCodedBackend({ backend: limitedBytes(clock), codec, values });
  const events = new EventHub("");
  const random = createSeededRandom(1);
  const deadlines = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };
  const parts = { clock, scheduler, random, backend: store, events, deadlines, rootPath: "" };
  return { cache: assembleCache({ ...parts, defaultTtlMs: Number.POSITIVE_INFINITY }), time, store, events };
}

function openFleetCache(): TestCache<FleetStore> {
  return openFleet(1)[0] as TestCache<FleetStore>;
}

/** All of them isolate their values from those of callers, so a value that cannot be copied is one that cannot be stored. */
const SOURCE_STORES: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache({ copy: true, maxSizeBytes: MAX_STORED_BYTES })],
  ["a store of bytes", openBytes],
];

describe("the table of sources that fail, in docs/guide/get-or-set.md", () => {
  it("has the rows, columns and cells that are checked here, and no other", () => {
    expect(readMarkedTable(page, "sourceFailures")).toEqual(tableOf(SOURCE_COLUMNS, sourceClaims));
  });

  const cells = cellsOf("sourceFailures", SOURCE_COLUMNS, sourceClaims);
  describe.each(SOURCE_STORES)("over %s", (_name, open) => {
    it.each(cells)("is right: the loader $row, $column: $says", async ({ column, check }) => {
      await check(await arrangeSource(open, SOURCE_COLUMNS.indexOf(column)));
    });
  });

  it("is right where a value is above maxValueSize", async () => {
    const { cache } = openBytes();
    const huge = (): string => "x".repeat(MAX_VALUE_BYTES + 1);
    await expect(cache.getOrSet("k", huge)).rejects.toBeInstanceOf(SerializationError);
  });

  const values = cells.filter(({ row }) => row !== "returns what cannot be stored");
  it.each(values)("is right in a fleet: the loader $row, $column: $says", async ({ column, check }) => {
    await check(await arrangeSource(openFleetCache, SOURCE_COLUMNS.indexOf(column)));
  });
});

const STORE_COLUMNS: readonly string[] = ["memory", "Redis, Memcached, sharded", "a store of your own"];

/** A store that shares its loads among processes is what stands for those with a network; one of your own need not. */
const STORE_OPENS: ReadonlyArray<() => TestCache> = [openMemoryCache, openFleetCache, openRemoteCache];

/** Everything that a load asks a store. */
const CALLS = ["get", "getMulti", "getStale", "stamp", "set", "setMulti", "delete"] as const;
const TIER_CALLS = ["getOrLease", "fill", "release"] as const;

/** Has every call of a store answered in the same way. @returns a function that takes it back */
function answerAll(store: TestCache["store"], answer: () => Promise<never>): () => void {
  const before = { ...store };
  const { loadTier } = store;
  const tier = loadTier && {
    loadTier: { ...loadTier, ...Object.fromEntries(TIER_CALLS.map((call) => [call, answer])) },
  };
  Object.assign(store, Object.fromEntries(CALLS.map((call) => [call, answer])), tier);
  return () => void Object.assign(store, before);
}

const away = (): Promise<never> => Promise.reject(new BackendUnavailableError("map", "get", "The store is away."));
const hang = (): Promise<never> => new Promise(() => undefined);

async function expectLocal({ store }: TestCache): Promise<void> {
  expect(store.capabilities.local).toBe(true);
}

async function expectDeadline({ cache, store, time }: TestCache): Promise<void> {
  expect(DEADLINES_FIELDS.read).toMatchObject({ default: "1s" });
  const { signals, load } = counted(() => "loaded");
  answerAll(store, hang);
  const patient = cache.getOrSet("k", load);
  const hasty = cache.getOrSet("other", load, { softTimeout: 300 });
  await time.advanceAsync(299);
  expect(await outcomeOf(hasty)).toBe(WAITS);
  await time.advanceAsync(1);
  expect(await outcomeOf(hasty)).toBe("loaded");
  await time.advanceAsync(699);
  expect(await outcomeOf(patient)).toBe(WAITS);
  await time.advanceAsync(1);
  expect(await outcomeOf(patient)).toBe("loaded");
  expect(signals).toHaveLength(2);
}

async function expectLateHit({ cache, store, time }: TestCache): Promise<void> {
  await cache.set("k", "kept");
  const hold = (store as MapBackend).hold("get");
  const { signals, load } = counted(() => "loaded");
  const reading = cache.getOrSet("k", load);
  await time.advanceAsync(900);
  expect(await outcomeOf(reading)).toBe(WAITS);
  hold.release();
  expect(await outcomeOf(reading)).toBe("kept");
  expect(signals).toHaveLength(0);
}

async function expectWriteDeadline({ cache, store, time }: TestCache): Promise<void> {
  const map = store as MapBackend;
  if ("holdTier" in map) (map as FleetStore).holdTier("fill", { heedsSignal: false });
  else map.hold("set", { heedsSignal: false });
  const patient = cache.getOrSet("k", () => "loaded");
  const hasty = cache.getOrSet("other", () => "loaded", { hardTimeout: 400 });
  await time.advanceAsync(399);
  expect(await outcomeOf(hasty)).toBe(WAITS);
  await time.advanceAsync(1);
  expect(await outcomeOf(hasty)).toBe("loaded");
  await time.advanceAsync(599);
  expect(await outcomeOf(patient)).toBe(WAITS);
  await time.advanceAsync(1);
  expect(await outcomeOf(patient)).toBe("loaded");
}

async function expectMiss({ cache, store }: TestCache): Promise<void> {
  await cache.set("k", "kept");
  await store.clear?.("", {});
  expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
  expect(await cache.get("k")).toBe("loaded");
}

async function expectSourceError({ cache, store, time }: TestCache): Promise<void> {
  const options = { ttl: 1_000, grace: 60_000 };
  await cache.getOrSet("k", () => "old", options);
  await time.advanceAsync(1_500);
  answerAll(store, away);
  await expect(cache.getOrSet("k", failing, options)).rejects.toBe(down);
}

async function expectAskedAgain({ cache, store, time }: TestCache): Promise<void> {
  await cache.set("k", "kept");
  let askedCount = 0;
  const recover = answerAll(store, () => {
    askedCount += 1;
    return away();
  });
  for (let count = 0; count < 5; count += 1) expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
  const openedCount = askedCount;
  expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
  expect(askedCount).toBe(openedCount);
  recover();
  expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
  // The first pause is at most twice the shortest one.
  await time.advanceAsync(1_000);
  expect(await cache.getOrSet("k", () => "loaded")).toBe("kept");
}

const localClaim: Claim<TestCache> = ["–", expectLocal];
const missClaim: Claim<TestCache> = ["a miss", expectMiss];

function remotely(says: string, check: Claim<TestCache>[1]): readonly Claim<TestCache>[] {
  return [localClaim, [says, check], ["the same", check]];
}

const storeClaims: Claims<TestCache> = {
  "is down": [
    localClaim,
    [
      "the loader's value, at once",
      async ({ cache, store }) => {
        answerAll(store, away);
        expect(await outcomeOf(cache.getOrSet("k", () => "loaded"))).toBe("loaded");
      },
    ],
    [
      "the loader's value, as soon as the store has failed",
      async ({ cache, store, time }) => {
        const refusal = defer<never>();
        answerAll(store, () => refusal.promise);
        const loading = cache.getOrSet("k", () => "loaded");
        await time.advanceAsync(600);
        expect(await outcomeOf(loading)).toBe(WAITS);
        refusal.reject(new BackendUnavailableError("map", "get", "The store is away."));
        expect(await outcomeOf(loading)).toBe("loaded");
      },
    ],
  ],
  hangs: remotely(
    "the loader's value after one deadline (`deadlines.read`, 1 s; with `softTimeout`, after that if it is shorter)",
    expectDeadline,
  ),
  "is slow, within the deadline": remotely("what it has, that much later", expectLateHit),
  "hangs when the value is to be written": remotely(
    "the loader's value, after `deadlines.write` or the hard timeout, whichever is first",
    expectWriteDeadline,
  ),
  "lost its data": [missClaim, missClaim, missClaim],
  "and the source fails too": remotely("the loader's error: what stands in was in the store", expectSourceError),
  "is back": remotely("asked again within the breaker's pause", expectAskedAgain),
};

describe("the table of stores that fail, in docs/guide/get-or-set.md", () => {
  it("has the rows, columns and cells that are checked here, and no other", () => {
    expect(readMarkedTable(page, "storeFailures")).toEqual(tableOf(STORE_COLUMNS, storeClaims));
  });

  it.each(cellsOf("storeFailures", STORE_COLUMNS, storeClaims))(
    "is right: the store $row, $column: $says",
    async ({ column, check }) => {
      const test = (STORE_OPENS[STORE_COLUMNS.indexOf(column)] as () => TestCache)();
      await test.cache.ready();
      await check(test);
    },
  );
});
