import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LoadTier } from "../../src/backend/load-tier.ts";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import { BackendUnavailableError, CacheClosedError, SerializationError } from "../../src/foundation/errors.ts";
import type { FleetStore } from "../support/map-fleet.ts";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";
import { readMarkedTable } from "./marked-table.ts";

const page = readFileSync(new URL("../../docs/design/loading.md", import.meta.url), "utf8");

const away = (): Promise<never> => Promise.reject(new BackendUnavailableError("map", "get", "The store is away."));
const hang = (): Promise<never> => new Promise(() => undefined);
const down = new Error("The source is down.");
const failing = (): Promise<never> => Promise.reject(down);
const GRACE: GetOrSetOptions = { ttl: 1_000, grace: 60_000 };

/** How the loads of a cache ended, in their order. */
function outcomesOf({ cache }: TestCache): string[] {
  const outcomes: string[] = [];
  cache.on("load", ({ outcome }) => outcomes.push(outcome));
  return outcomes;
}

function pair(): readonly [TestCache<FleetStore>, TestCache<FleetStore>] {
  return openFleet(2) as unknown as readonly [TestCache<FleetStore>, TestCache<FleetStore>];
}

/** Keeps "old" beyond its TTL. */
async function keepOld({ cache, time }: TestCache): Promise<void> {
  await cache.getOrSet("k", () => "old", GRACE);
  await time.advanceAsync(1_500);
}

/** The call goes on without what fails, and stores nothing. */
async function expectUnstored(test: TestCache, change: () => void): Promise<void> {
  await test.cache.ready();
  const outcomes = outcomesOf(test);
  change();
  expect(await test.cache.getOrSet("k", () => "loaded")).toBe("loaded");
  expect(outcomes).toEqual(["unstored"]);
}

/** What a row says of the load and of its callers, and what shows that it is so. */
type Claim = readonly [outcome: string, callers: string, check: () => Promise<void>];

const claims: Readonly<Record<string, Claim>> = {
  "read of the store": [
    "`unstored`",
    "the loader's value",
    async () => {
      const test = openRemoteCache();
      await expectUnstored(test, () => void Object.assign(test.store, { get: away, getMulti: away, getStale: away }));
    },
  ],
  "lease or wait for the fleet": [
    "`unstored`",
    "the loader's value",
    async () => {
      const [asking] = pair();
      await expectUnstored(asking, () => void Object.assign(asking.store.loadTier as LoadTier, { getOrLease: away }));
      const [one, waiting] = pair();
      const outcomes = outcomesOf(waiting);
      const source = defer<string>();
      const first = one.cache.getOrSet("k", () => source.promise);
      await settle();
      const second = waiting.cache.getOrSet("k", () => "loaded");
      await settle();
      Object.assign(waiting.store.loadTier as LoadTier, { getOrLease: away });
      await waiting.time.advanceAsync(2_000);
      expect(await second).toBe("loaded");
      expect(outcomes).toEqual(["unstored"]);
      source.resolve("theirs");
      await first;
    },
  ],
  "claim to refresh": [
    "as if it had been given",
    "the live value; nobody waits",
    async () => {
      const [test, other] = pair();
      const outcomes = outcomesOf(test);
      await test.cache.set("k", "old", 1_000);
      await test.time.advanceAsync(600);
      Object.assign(test.store.loadTier as LoadTier, { claimRefresh: away });
      expect(await test.cache.getOrSet("k", () => "new", { ttl: 1_000, refreshAhead: 0.5 })).toBe("old");
      await settle();
      expect(outcomes).toEqual(["stored"]);
      expect(await other.cache.get("k")).toBe("new");
    },
  ],
  stamp: [
    "stored without tags, `unstored` with tags",
    "the loader's value",
    async () => {
      const test = openRemoteCache();
      const outcomes = outcomesOf(test);
      Object.assign(test.store, { stamp: away });
      expect(await test.cache.getOrSet("k", () => "loaded")).toBe("loaded");
      expect(await test.cache.getOrSet("l", () => "loaded", { tags: ["t"] })).toBe("loaded");
      expect(outcomes).toEqual(["stored", "unstored"]);
      expect([await test.cache.exists("k"), await test.cache.exists("l")]).toEqual([true, false]);
    },
  ],
  loader: [
    "`failed`; the token is given back",
    "what stands in, else the loader's error",
    async () => {
      const [test, other] = pair();
      const outcomes = outcomesOf(test);
      await expect(test.cache.getOrSet("l", failing)).rejects.toBe(down);
      expect(await other.cache.getOrSet("l", () => "at once")).toBe("at once");
      await keepOld(test);
      expect(await test.cache.getOrSet("k", failing, GRACE)).toBe("old");
      expect(outcomes).toEqual(["failed", "stored", "failed"]);
    },
  ],
  "loader hangs": [
    "`timed-out`; the token is given back, and what it still returns is thrown away",
    "what stands in, else `GCX_LOADER_TIMEOUT`",
    async () => {
      const [test, other] = pair();
      const outcomes = outcomesOf(test);
      const source = defer<string>();
      const hung = test.cache.getOrSet("l", () => source.promise, { hardTimeout: 200 });
      const refused = expect(hung).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
      await test.time.advanceAsync(200);
      await refused;
      expect(await other.cache.getOrSet("l", () => undefined)).toBeUndefined();
      source.resolve("late");
      await settle();
      expect(await other.cache.exists("l")).toBe(false);
      await keepOld(test);
      const answered = test.cache.getOrSet("k", hang, { ...GRACE, hardTimeout: 200 });
      await test.time.advanceAsync(200);
      expect(await answered).toBe("old");
      expect(outcomes).toEqual(["timed-out", "stored", "timed-out"]);
    },
  ],
  "write, refused": [
    "`detached`",
    "the loader's value",
    async () => {
      const test = openRemoteCache();
      const outcomes = outcomesOf(test);
      const source = defer<string>();
      const loading = test.cache.getOrSet("k", () => source.promise);
      await settle();
      await test.store.openSecond().set("k", { value: "theirs", ttlMs: 60_000, tags: [] }, {});
      source.resolve("loaded");
      expect(await loading).toBe("loaded");
      expect(outcomes).toEqual(["detached"]);
      expect(await test.cache.get("k")).toBe("theirs");
    },
  ],
  "write, failed or without an answer": [
    "`unstored`; watched",
    "the loader's value, at the hard timeout at the latest",
    async () => {
      const broken = openRemoteCache();
      await expectUnstored(broken, () => void Object.assign(broken.store, { set: away }));
      const test = openRemoteCache();
      await test.cache.ready();
      const outcomes = outcomesOf(test);
      const held = test.store.hold("set", { heedsSignal: false, calls: 1 });
      const loading = test.cache.getOrSet("k", () => "loaded", { hardTimeout: 200 });
      await test.time.advanceAsync(200);
      expect(await loading).toBe("loaded");
      await test.time.advanceAsync(1_000);
      expect(outcomes).toEqual(["unstored"]);
      await test.cache.delete("k");
      // It arrives after all, and after a change.
      held.release();
      // One for its arrival, one for its removal.
      await settle();
      await settle();
      expect(await test.cache.exists("k")).toBe(false);
    },
  ],
  "value that cannot be kept": [
    "`failed` with `SerializationError`; too large: `unstored`",
    "the error; the value",
    async () => {
      const test = openMemoryCache({ copy: true, maxSizeBytes: 1_000 });
      const outcomes = outcomesOf(test);
      const unkept = test.cache.getOrSet<unknown>("k", () => ({ onClick: () => undefined }));
      await expect(unkept).rejects.toBeInstanceOf(SerializationError);
      const large = "x".repeat(10_000);
      expect(await test.cache.getOrSet("k", () => large)).toBe(large);
      expect(outcomes).toEqual(["failed", "unstored"]);
    },
  ],
  "process dies": [
    "–",
    "in other processes: the lease ends, one of those who wait takes over",
    async () => {
      const [dead, test] = pair();
      const lease = await dead.store.loadTier?.getOrLease("k", { tokenMs: 3_000 }, {});
      expect(lease?.kind).toBe("token");
      let calls = 0;
      const load = (): number => {
        calls += 1;
        return calls;
      };
      const waiting = [1, 2].map(() => test.cache.getOrSet("k", load));
      await test.time.advanceAsync(2_900);
      expect(calls).toBe(0);
      await test.time.advanceAsync(200);
      expect(await Promise.all(waiting)).toEqual([1, 1]);
    },
  ],
  "cache closes": [
    "`abandoned` after `deadlines.close`",
    "`CacheClosedError`",
    async () => {
      const test = openMemoryCache({}, { deadlines: { closeMs: 500 } });
      const outcomes = outcomesOf(test);
      const loading = test.cache.getOrSet("k", hang);
      const refused = expect(loading).rejects.toBeInstanceOf(CacheClosedError);
      await settle();
      const closing = test.cache.close();
      await test.time.advanceAsync(499);
      expect(outcomes).toEqual([]);
      await test.time.advanceAsync(1);
      await Promise.all([refused, closing]);
      expect(outcomes).toEqual(["abandoned"]);
    },
  ],
};

describe("the table of what fails, in docs/design/loading.md", () => {
  it("has the rows and cells that are checked here, and no other", () => {
    const checked = Object.entries(claims).map(
      ([row, [outcome, callers]]) =>
        [
          row,
          new Map([
            ["Outcome of the load", outcome],
            ["Callers", callers],
          ]),
        ] as const,
    );
    expect(readMarkedTable(page, "loadFailures")).toEqual(new Map(checked));
  });

  it.each(Object.entries(claims).map(([row, [outcome, callers, check]]) => ({ row, outcome, callers, check })))(
    "is right: $row → $outcome, and callers get $callers",
    ({ check }) => check(),
  );
});
