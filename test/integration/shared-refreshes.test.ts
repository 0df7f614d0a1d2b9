import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadTier } from "../../src/backend/load-tier.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import { createCache } from "../../src/create-cache.ts";
import type { Loader } from "../../src/loading/loader.ts";
import { FLEET_STORES, type FleetServers } from "./support/fleet-caches.ts";
import { holdLoader } from "./support/held-loader.ts";
import { ALL_LOAD_TIER_STORES, type RunningStore } from "./support/load-tier-stores.ts";

/** Due a few milliseconds after it was written. */
const DUE: GetOrSetOptions = { ttl: "1h", refreshAhead: 0.000_001 };
const PROCESS_COUNT = 4;
/** What needs no deadline and no end of a claim takes less, also on a busy machine. */
const AT_ONCE_MS = 1_500;
/** Nobody waits for the end of such a claim. */
const LONG_MS = 3_600_000;
let keyCount = 0;

describe.each(FLEET_STORES)("early refreshes of processes over $name", (store) => {
  let servers: FleetServers;
  let caches: readonly Cache[];
  let one: Cache;
  let other: Cache;
  let key: string;
  /** Loaders that hang to the end of the test: a cache that closes waits for them. */
  let hung: ReturnType<typeof holdLoader<string>>[];

  beforeAll(async () => {
    servers = await store.start();
  });
  afterAll(async () => {
    await servers?.stop();
  });
  beforeEach(async () => {
    for (const proxy of servers.proxies) proxy.heal();
    hung = [];
    caches = Array.from({ length: PROCESS_COUNT }, (_, index) =>
      createCache(index === 0 ? servers.behindProxies : servers.config),
    );
    [one, other] = caches as readonly [Cache, Cache];
    await Promise.all(caches.map((cache) => cache.ready()));
    keyCount += 1;
    key = `refreshed ${keyCount}`;
  });
  afterEach(async () => {
    for (const proxy of servers.proxies) proxy.heal();
    for (const held of hung) held.resolve("at the end");
    await Promise.all(caches?.map((cache) => cache.close()) ?? []);
  });

  async function age(value = "old", keys: readonly string[] = [key]): Promise<void> {
    for (const each of keys) {
      await other.set(each, value, "1h");
      await waitUntil("the entry to age", 5_000, async () => Number(await other.ttl(each)) < LONG_MS - 10);
    }
  }

  /** One process refreshes, for as long as the test says. */
  async function hold(options: GetOrSetOptions = DUE): Promise<ReturnType<typeof holdLoader<string>>> {
    const held = holdLoader<string>();
    expect(await one.getOrSet(key, held.loader, options)).toBe("old");
    await held.called;
    hung.push(held);
    return held;
  }

  /** Resolves with how long it took until the other process refreshed the entry, which was served all the while. */
  async function refreshByOther(value: string, limitMs: number): Promise<number> {
    const beganAt = performance.now();
    await waitUntil("the refresh by the other process", limitMs, async () => {
      const found = await other.getOrSet(key, () => value, DUE);
      expect(["old", value]).toContain(found);
      return found === value;
    });
    return performance.now() - beganAt;
  }

  it("call one loader for all of them, and each of them is served meanwhile", async () => {
    await age();
    let calls = 0;
    const held = holdLoader<string>();
    const loader: Loader<string> = (context) => {
      calls += 1;
      return held.loader(context);
    };
    const ask = (): Promise<string[]> =>
      Promise.all(caches.flatMap((cache) => Array.from({ length: 5 }, () => cache.getOrSet(key, loader, DUE))));
    expect(new Set(await ask())).toEqual(new Set(["old"]));
    await held.called;
    expect(new Set(await ask())).toEqual(new Set(["old"]));
    held.resolve("new");
    await waitUntil("the new value", 5_000, async () => (await other.get(key)) === "new");
    expect(calls).toBe(1);
    expect(caches.reduce((sum, cache) => sum + cache.stats().loads, 0)).toBe(1);
    expect(await Promise.all(caches.map((cache) => cache.get(key)))).toEqual(Array(PROCESS_COUNT).fill("new"));
  });

  it("call one loader for each key of batches that several of them ask for", async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `${key} ${index}`);
    await age("old", keys);
    const loaded: string[] = [];
    const answers = await Promise.all(
      caches.map((cache) =>
        cache.getOrSetMulti<string>(
          keys,
          async (wanted) => {
            loaded.push(...wanted);
            return new Map(wanted.map((each) => [each, "new"]));
          },
          DUE,
        ),
      ),
    );
    for (const answer of answers) expect([...answer.keys()]).toEqual(keys);
    await waitUntil("all new values", 5_000, async () =>
      [...(await other.getMulti(keys)).values()].every((value) => value === "new"),
    );
    expect(loaded.toSorted()).toEqual(keys);
  });

  it("are left to the next process at once when the loader throws", async () => {
    await age();
    const held = await hold();
    expect(await other.getOrSet(key, () => "not yet", DUE)).toBe("old");
    held.reject(new Error("no source"));
    expect(await refreshByOther("new", 5_000)).toBeLessThan(AT_ONCE_MS);
  });

  it("are taken over when the one that refreshes hangs longer than its lease, whose late result is refused", async () => {
    await age();
    const outcomes: string[] = [];
    one.on("load", ({ outcome }) => outcomes.push(outcome));
    const held = await hold({ ...DUE, distributedSingleFlight: { lease: "300ms" } });
    await refreshByOther("of the heir", 10_000);
    held.resolve("late");
    await waitUntil("the end of the late load", 5_000, async () => outcomes.length > 0);
    expect([outcomes, await other.get(key)]).toEqual([["detached"], "of the heir"]);
  });

  it("hold up neither a forced load nor what comes after a write, although the one that refreshes hangs", async () => {
    await age();
    await hold({ ...DUE, distributedSingleFlight: { lease: LONG_MS } });
    const beganAt = performance.now();
    expect(await other.getOrSet(key, () => "forced", { ...DUE, forceFresh: true })).toBe("forced");
    await other.set(key, "old", "1h");
    await refreshByOther("new", 5_000);
    expect(performance.now() - beganAt).toBeLessThan(AT_ONCE_MS);
  });

  it("hold up no load of what is over, although the one that refreshes hangs", async () => {
    await other.set(key, "old", 400);
    await hold({ ...DUE, distributedSingleFlight: { lease: LONG_MS } });
    await waitUntil("the entry to be over", 5_000, async () => !(await other.exists(key)));
    const beganAt = performance.now();
    expect(await other.getOrSet(key, () => "loaded", DUE)).toBe("loaded");
    expect(performance.now() - beganAt).toBeLessThan(AT_ONCE_MS);
  });

  // A client of a cluster is told the servers' own addresses: no proxy stands in its way.
  const itWhenCut = store.isCuttable ? it : undefined;
  itWhenCut?.("are taken over when the process that refreshes is cut off for good", async () => {
    await age();
    const held = await hold({ ...DUE, distributedSingleFlight: { lease: "300ms" } });
    for (const proxy of servers.proxies) await proxy.goDown();
    try {
      held.reject(new Error("died"));
      await refreshByOther("of the heir", 10_000);
    } finally {
      for (const proxy of servers.proxies) await proxy.comeUp();
    }
  });

  const outages: readonly [string, (servers: FleetServers) => unknown, (servers: FleetServers) => Promise<unknown>][] =
    [
      [
        "goes down",
        ({ proxies }) => Promise.all(proxies.map((proxy) => proxy.goDown())),
        ({ proxies }) => Promise.all(proxies.map((proxy) => proxy.comeUp())),
      ],
      [
        "hangs",
        ({ proxies }) => proxies.map((proxy) => proxy.set({ blackHolesReplies: true })),
        async ({ proxies }) => proxies.map((proxy) => proxy.resetAll()),
      ],
    ];
  itWhenCut?.each(outages)(
    "are each process's own when the store %s before it is asked for the leave, and nobody waits for that",
    async (_, takeDown, bringBack) => {
      await age();
      const deadlineMs = 1_000;
      const cut = createCache({ ...servers.behindProxies, deadlines: { read: deadlineMs, write: deadlineMs } });
      try {
        await cut.ready();
        // Told when the entry was found, and before the leave is asked for.
        let takenDown: unknown;
        let foundAt = 0;
        const stop = cut.on("hit", () => {
          stop();
          foundAt = performance.now();
          takenDown = takeDown(servers);
        });
        const held = holdLoader<string>();
        expect(await cut.getOrSet(key, held.loader, DUE)).toBe("old");
        expect(performance.now() - foundAt).toBeLessThan(deadlineMs / 4);
        await held.called;
        expect(performance.now() - foundAt).toBeLessThan(2 * deadlineMs - 100);
        await takenDown;
        held.resolve("own");
      } finally {
        await bringBack(servers);
        for (const proxy of servers.proxies) proxy.heal();
        await cut.close();
      }
    },
  );
});

describe.each(ALL_LOAD_TIER_STORES)("claims to refresh, by the load tier of $name", ({ start }) => {
  let running: RunningStore;
  let one: LoadTier;
  let other: LoadTier;
  let opened: readonly Backend[];
  let key: string;

  beforeAll(async () => {
    running = await start();
    opened = await Promise.all([running.open(), running.open()]);
    [one, other] = opened.map(({ loadTier }) => loadTier as LoadTier) as [LoadTier, LoadTier];
  });
  afterAll(async () => {
    await Promise.all(opened?.map((backend) => backend.close()) ?? []);
    await running?.stop();
  });
  beforeEach(() => {
    keyCount += 1;
    key = `@refresh:claimed ${keyCount} \u0000\u{1f375}`;
  });

  const claim = (tier: LoadTier, version = 1, claimMs = LONG_MS): Promise<boolean> | undefined =>
    tier.claimRefresh?.(key, version, claimMs, {});

  it("are given to one of those who ask, for each version and key", async () => {
    const answers = await Promise.all([claim(one), claim(other), claim(one), claim(other)]);
    expect(answers.filter((isTaken) => isTaken)).toHaveLength(1);
    expect(await Promise.all([claim(one, 2), claim(other, 2)])).toContain(true);
    expect(await claim(other, 2)).toBe(false);
    key = `${key}'`;
    expect(await claim(other)).toBe(true);
  });

  it("are free again when they are given back, and only that version's", async () => {
    expect(await Promise.all([claim(one, 1), claim(one, 2)])).toEqual([true, true]);
    await one.releaseRefresh?.(key, 1, {});
    expect(await Promise.all([claim(other, 1), claim(other, 2)])).toEqual([true, false]);
  });

  it("end by themselves, and not before", async () => {
    const beganAt = performance.now();
    expect(await claim(one, 1, 400)).toBe(true);
    await waitUntil("the end of the claim", 10_000, async () => (await claim(other, 1, 400)) === true);
    expect(performance.now() - beganAt).toBeGreaterThan(390);
  });

  it("can be asked for however long", async () => {
    expect(await claim(one, 1, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(await claim(other)).toBe(false);
  });

  it("change nothing of what there is: no entry comes of one, and a token is given beside it", async () => {
    expect(await claim(one)).toBe(true);
    expect(await opened[1]?.get(key, {})).toBeUndefined();
    expect(await other.getOrLease(key, { tokenMs: 1_000 }, {})).toMatchObject({ kind: "token" });
  });
});
