import { describe, expect, it } from "vitest";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import type { Loader } from "../../src/loading/loader.ts";
import type { FleetStore, TierCall } from "../support/map-fleet.ts";
import { type Deferred, defer, openFleet, settle, type TestCache } from "../support/open-cache.ts";

type Process = TestCache<FleetStore>;

const TTL_MS = 1_000;
const OPTIONS: GetOrSetOptions = { ttl: TTL_MS, refreshAhead: 0.5 };
/** How long a process that was refused does not ask again. */
const PAUSE_MS = 100;
/** The caches' bound of one question. */
const READ_DEADLINE_MS = 1_000;

/** Processes to all of which one entry is due. */
async function openDue(count: number): Promise<readonly Process[]> {
  const fleet = openFleet(count);
  const [one] = fleet as [Process];
  await one.cache.set("k", "old", TTL_MS);
  await one.time.advanceAsync(0.6 * TTL_MS);
  return fleet;
}

function countCalls(processes: readonly Process[], call: TierCall): number {
  return processes.flatMap(({ store }) => store.tierCalls).filter((made) => made === call).length;
}

/** A loader of all processes, and how often it was called. */
function countLoads(): {
  readonly loader: Loader<string>;
  readonly source: Deferred<string>;
  readonly count: () => number;
} {
  const source = defer<string>();
  let count = 0;
  const loader = (): Promise<string> => {
    count += 1;
    return source.promise;
  };
  return { loader, source, count: () => count };
}

describe("a live entry that is due in every process", () => {
  it("is served to all and loaded by one", async () => {
    const fleet = await openDue(4);
    const { loader, source, count } = countLoads();
    const outcomes: string[] = [];
    for (const { cache } of fleet) cache.on("load", ({ outcome }) => outcomes.push(outcome));
    expect(await Promise.all(fleet.map(({ cache }) => cache.getOrSet("k", loader, OPTIONS)))).toEqual(
      Array(4).fill("old"),
    );
    await settle();
    source.resolve("new");
    await settle();
    expect([count(), outcomes]).toEqual([1, ["stored"]]);
    expect(fleet.map(({ cache }) => cache.stats().loads)).toEqual([1, 0, 0, 0]);
    expect(await fleet[3]?.cache.get("k")).toBe("new");
  });

  it("is loaded by one also in batches", async () => {
    const fleet = await openDue(3);
    let count = 0;
    const loader = async (keys: readonly string[]): Promise<Map<string, string>> => {
      count += 1;
      return new Map(keys.map((key) => [key, "new"]));
    };
    const all = await Promise.all(fleet.map(({ cache }) => cache.getOrSetMulti(["k"], loader, OPTIONS)));
    expect(all.map((found) => found.get("k"))).toEqual(Array(3).fill("old"));
    await settle();
    expect(count).toBe(1);
    expect(await fleet[2]?.cache.get("k")).toBe("new");
  });

  it("is not asked about with every read by a process that was refused", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const { loader, count } = countLoads();
    await one.cache.getOrSet("k", loader, OPTIONS);
    await settle();
    const ask = async (): Promise<number> => {
      expect(await other.cache.getOrSet("k", loader, OPTIONS)).toBe("old");
      await settle();
      return countCalls([other], "claimRefresh");
    };
    expect([await ask(), await ask(), await ask()]).toEqual([1, 1, 1]);
    await other.time.advanceAsync(PAUSE_MS);
    expect([await ask(), count()]).toEqual([2, 1]);
  });

  it("is loaded by the next one at once when the loader throws", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    await one.cache.getOrSet("k", () => Promise.reject(new Error("no source")), OPTIONS);
    await settle();
    await other.cache.getOrSet("k", () => "new", OPTIONS);
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is loaded by the next one at once when nothing is to be stored", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const skip: Loader<string> = ({ skipStore }) => {
      skipStore();
      return "kept nowhere";
    };
    await one.cache.getOrSet("k", skip, OPTIONS);
    await settle();
    await other.cache.getOrSet("k", () => "new", OPTIONS);
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is loaded by another one when the time of the one that hangs is over, and that one's claim is not given back then", async () => {
    const [one, other, third] = (await openDue(3)) as [Process, Process, Process];
    const { loader, source, count } = countLoads();
    const options: GetOrSetOptions = { ...OPTIONS, distributedSingleFlight: { lease: 50 } };
    await one.cache.getOrSet("k", loader, options);
    await other.time.advanceAsync(50);
    await other.cache.getOrSet("k", loader, { ...options, distributedSingleFlight: { lease: 200 } });
    await settle();
    expect(count()).toBe(2);
    source.reject(new Error("no source"));
    await settle();
    // Of the two that failed only the later one had the leave still.
    expect(countCalls([one], "releaseRefresh") + countCalls([other], "releaseRefresh")).toBe(1);
    await third.cache.getOrSet("k", () => "new", options);
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is loaded by the next one at once when the result could not be stored", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const held = one.store.hold("set", { calls: 1 });
    await one.cache.getOrSet("k", () => "lost", OPTIONS);
    await held.arrived();
    held.fail(new BackendUnavailableError("map", "set", "The store is away."));
    await settle();
    await other.cache.getOrSet("k", () => "new", OPTIONS);
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is not loaded again by who still sees the version that was replaced", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const held = other.store.hold("get", { at: "reply", calls: 1 });
    const { loader, count } = countLoads();
    const late = other.cache.getOrSet("k", loader, OPTIONS);
    await held.arrived();
    await one.cache.getOrSet("k", () => "new", OPTIONS);
    await settle();
    held.release();
    expect(await late).toBe("old");
    await settle();
    expect([count(), countCalls([other], "claimRefresh")]).toEqual([0, 1]);
  });

  it("is loaded by who was refused just now when it is another version that is due", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const { loader, source } = countLoads();
    await one.cache.getOrSet("k", loader, OPTIONS);
    await settle();
    await other.cache.getOrSet("k", loader, OPTIONS);
    await settle();
    await one.cache.set("k", "other version", 80);
    await one.time.advanceAsync(PAUSE_MS / 2);
    expect(await other.cache.getOrSet("k", () => "new", { ...OPTIONS, ttl: 80 })).toBe("other version");
    source.resolve("of the version before");
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is left to the next one when the leave came after the load was given up", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    const held = one.store.holdTier("claimRefresh", { at: "reply", calls: 1 });
    const { loader, count } = countLoads();
    await one.cache.getOrSet("k", loader, { ...OPTIONS, hardTimeout: 50, distributedSingleFlight: { lease: "1h" } });
    await held.arrived();
    await one.time.advanceAsync(60);
    held.release();
    await settle();
    expect(count()).toBe(0);
    await other.cache.getOrSet("k", () => "new", OPTIONS);
    await settle();
    expect(await one.cache.get("k")).toBe("new");
  });

  it("is loaded by each where the store does not answer", async () => {
    const fleet = await openDue(2);
    const { loader, source, count } = countLoads();
    for (const { store } of fleet) store.holdTier("claimRefresh", { at: "request" });
    await Promise.all(fleet.map(({ cache }) => cache.getOrSet("k", loader, { ...OPTIONS, ttl: "1h" })));
    await fleet[0]?.time.advanceAsync(1_000);
    expect(count()).toBe(2);
    source.resolve("new");
    await settle();
  });

  it("is loaded by each after one deadline when the store answers neither about the leave nor about tags", async () => {
    const [one] = (await openDue(1)) as [Process];
    one.store.holdTier("claimRefresh", { at: "request" });
    one.store.hold("stamp");
    const { loader, source, count } = countLoads();
    await one.cache.getOrSet("k", loader, { ...OPTIONS, hardTimeout: "1h" });
    await one.time.advanceAsync(READ_DEADLINE_MS);
    expect(count()).toBe(1);
    source.resolve("new");
    await settle();
  });

  it("is loaded by each without distributedSingleFlight", async () => {
    const fleet = await openDue(2);
    const { loader, count } = countLoads();
    const options: GetOrSetOptions = { ...OPTIONS, distributedSingleFlight: false };
    await Promise.all(fleet.map(({ cache }) => cache.getOrSet("k", loader, options)));
    await settle();
    expect([count(), countCalls(fleet, "claimRefresh")]).toEqual([2, 0]);
  });

  it("is loaded by who finds it over while its own process asks for the leave in vain", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    await one.cache.getOrSet("k", countLoads().loader, OPTIONS);
    await settle();
    const held = other.store.holdTier("claimRefresh", { at: "reply", calls: 1 });
    await other.cache.getOrSet("k", () => "never called", OPTIONS);
    await held.arrived();
    await other.time.advanceAsync(TTL_MS / 2);
    const late = other.cache.getOrSet("k", () => "loaded", { ttl: TTL_MS });
    await settle();
    held.release();
    expect(await late).toBe("loaded");
  });
});

describe("a refresh in another process that hangs", () => {
  /** One process refreshes, and its loader does not answer. */
  async function openHung(): Promise<readonly [Process, Process]> {
    const [one, other] = (await openDue(2)) as [Process, Process];
    await one.cache.getOrSet("k", countLoads().loader, { ...OPTIONS, distributedSingleFlight: { lease: "1h" } });
    await settle();
    return [one, other];
  }

  it("holds up no load that is forced", async () => {
    const [one, other] = await openHung();
    expect(await other.cache.getOrSet("k", () => "forced", { ...OPTIONS, forceFresh: true })).toBe("forced");
    expect(await one.cache.get("k")).toBe("forced");
    expect(countCalls([other], "claimRefresh")).toBe(0);
  });

  it("holds up no load of what is over", async () => {
    const [one, other] = await openHung();
    await one.time.advanceAsync(TTL_MS);
    expect(await other.cache.getOrSet("k", () => "loaded", OPTIONS)).toBe("loaded");
    expect(await one.cache.get("k")).toBe("loaded");
  });

  it("holds up no refresh of what was written meanwhile, nor of what a refresh brought", async () => {
    const [one, other] = await openHung();
    await one.cache.set("k", "written", TTL_MS);
    await one.time.advanceAsync(0.6 * TTL_MS);
    expect(await other.cache.getOrSet("k", () => "first", OPTIONS)).toBe("written");
    await settle();
    await one.time.advanceAsync(0.6 * TTL_MS);
    expect(await other.cache.getOrSet("k", ({ notModified }) => notModified(), OPTIONS)).toBe("first");
    await settle();
    await one.time.advanceAsync(0.6 * TTL_MS);
    expect(await other.cache.getOrSet("k", () => "second", OPTIONS)).toBe("first");
    await settle();
    expect(await one.cache.get("k")).toBe("second");
  });
});

describe("an unmodified result in a fleet", () => {
  const keep: Loader<string> = ({ notModified }) => notModified();

  it("renews what stands in, under the token", async () => {
    const [one, other] = openFleet(2) as [Process, Process];
    await one.cache.getOrSet("k", () => "old", { ttl: TTL_MS, grace: "1h" });
    await one.time.advanceAsync(2 * TTL_MS);
    expect(await one.cache.getOrSet("k", keep, { ttl: TTL_MS, grace: "1h" })).toBe("old");
    expect([countCalls([one], "renew"), countCalls([one], "fill")]).toEqual([1, 1]);
    expect(await other.cache.get("k")).toBe("old");
  });

  it("is stored whole when what stood in is gone, and the token stands", async () => {
    const [one, other] = openFleet(2) as [Process, Process];
    await one.cache.getOrSet("k", () => "old", { ttl: TTL_MS, grace: "1h" });
    await one.time.advanceAsync(2 * TTL_MS);
    const stale = (await one.store.getStale?.(["k"], {}))?.[0];
    const loader: Loader<string> = ({ notModified }) => {
      // As an eviction does: without a change that voids the token.
      Object.assign(one.store, {
        loadTier: { ...one.store.loadTier, renew: async () => undefined },
      });
      return notModified();
    };
    expect(await one.cache.getOrSet("k", loader, { ttl: TTL_MS, grace: "1h" })).toBe("old");
    const entry = await other.store.get("k", {});
    expect(entry?.value).toBe("old");
    expect(entry?.version).toBeGreaterThan(stale?.version ?? Number.NaN);
  });

  it("renews a live entry, in a refresh that no other process does as well", async () => {
    const [one, other] = (await openDue(2)) as [Process, Process];
    expect(await Promise.all([one, other].map(({ cache }) => cache.getOrSet("k", keep, OPTIONS)))).toEqual([
      "old",
      "old",
    ]);
    await settle();
    expect([countCalls([one, other], "renew"), countCalls([one, other], "fill")]).toEqual([1, 0]);
    await one.time.advanceAsync(0.6 * TTL_MS);
    expect(await other.cache.get("k")).toBe("old");
  });

  it("is stored whole with tags that it had not", async () => {
    const [one] = openFleet(2) as [Process];
    await one.cache.getOrSet("k", () => "old", { ttl: TTL_MS, grace: "1h" });
    await one.time.advanceAsync(2 * TTL_MS);
    await one.cache.getOrSet("k", keep, { ttl: TTL_MS, grace: "1h", tags: ["t"] });
    expect((await one.store.get("k", {}))?.tags).toEqual(["t"]);
    expect([countCalls([one], "renew"), countCalls([one], "fill")]).toEqual([0, 2]);
  });

  it("is stored as what the loader returned when that is not what it was shown", async () => {
    const [one] = openFleet(2) as [Process];
    await one.cache.getOrSet("k", () => "old", { ttl: TTL_MS, grace: "1h" });
    await one.time.advanceAsync(2 * TTL_MS);
    const loader: Loader<string> = ({ notModified }) => {
      notModified();
      return "new";
    };
    await one.cache.getOrSet("k", loader, { ttl: TTL_MS, grace: "1h" });
    expect([countCalls([one], "renew"), await one.cache.get("k")]).toEqual([0, "new"]);
  });

  it("is stored whole when what it replaces is not what the loader was shown", async () => {
    const [one, other] = openFleet(2) as [Process, Process];
    await one.cache.set("k", "old", "1h");
    const held = one.store.holdTier("getOrLease", { at: "request", calls: 1 });
    const forced = one.cache.getOrSet("k", keep, { ttl: "1h", forceFresh: true });
    await held.arrived();
    await other.cache.set("k", "newer", "1h");
    held.release();
    expect(await forced).toBe("old");
    expect(countCalls([one], "renew")).toBe(0);
    expect(await other.cache.get("k")).toBe("old");
  });
});
