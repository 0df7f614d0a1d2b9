import process from "node:process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import { createCache } from "../../src/create-cache.ts";
import type { Loader } from "../../src/loading/loader.ts";
import { FLEET_STORES, type FleetServers } from "./support/fleet-caches.ts";
import { type HeldLoader, holdLoader } from "./support/held-loader.ts";

/** Far below the lease that a loader has by default, far above what a wait for a message takes on a busy machine. */
const AT_ONCE_MS = 4_000;
const LEASE_MS = 200;
const SHORT_LEASE: GetOrSetOptions = { distributedSingleFlight: { lease: LEASE_MS } };
let keyCount = 0;

describe.each(FLEET_STORES)("getOrSet of two processes over $name", (store) => {
  let servers: FleetServers;
  let one: Cache;
  let other: Cache;
  let key: string;

  beforeAll(async () => {
    servers = await store.start();
  });
  afterAll(async () => {
    await servers?.stop();
  });
  beforeEach(async () => {
    for (const proxy of servers.proxies) proxy.heal();
    one = createCache(servers.behindProxies);
    other = createCache(servers.config);
    await Promise.all([one.ready(), other.ready()]);
    keyCount += 1;
    key = `key ${keyCount}`;
  });
  afterEach(async () => {
    for (const proxy of servers.proxies) proxy.heal();
    await Promise.all([one?.close(), other?.close()]);
  });

  /** Starts a load in one process that ends when the test says so. */
  async function hold<T>(options?: GetOrSetOptions): Promise<HeldLoader<T> & { readonly result: Promise<T> }> {
    const held = holdLoader<T>();
    const result = one.getOrSet<T>(key, held.loader, options);
    result.catch(() => undefined);
    await held.called;
    return { ...held, result };
  }

  /** A call of the other process. `hasMissed` resolves when it has looked for the value in vain. */
  function ask<T>(
    loader: Loader<T>,
    options?: GetOrSetOptions,
  ): { readonly result: Promise<T>; readonly hasMissed: Promise<void> } {
    const hasMissed = new Promise<void>((resolve) => {
      const stop = other.on("miss", () => {
        stop();
        resolve();
      });
    });
    const result = other.getOrSet<T>(key, loader, options);
    result.catch(() => undefined);
    return { result, hasMissed };
  }

  async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work;
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
    return result;
  }

  const mustNotLoad = (): never => {
    throw new Error("The other process loads already.");
  };

  it("calls one loader for both on a cold key", async () => {
    let calls = 0;
    const held = holdLoader<string>();
    const loader: Loader<string> = (context) => {
      calls += 1;
      return held.loader(context);
    };
    const all = [one, other].flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrSet(key, loader)));
    await held.called;
    held.resolve("v");
    expect(new Set(await Promise.all(all))).toEqual(new Set(["v"]));
    expect(calls).toBe(1);
    expect(await Promise.all([one.get(key), other.get(key)])).toEqual(["v", "v"]);
  });

  it("loads again at once when the loader of the other threw", async () => {
    const held = await hold<string>();
    const asked = ask(() => "second");
    await asked.hasMissed;
    held.reject(new Error("no source"));
    await expect(held.result).rejects.toThrow("no source");
    expect(await within(AT_ONCE_MS, asked.result)).toBe("second");
    expect(await one.get(key)).toBe("second");
  });

  const unstored: readonly [string, (held: HeldLoader<unknown>) => void, GetOrSetOptions?][] = [
    ["undefined", (held) => held.resolve(undefined)],
    [
      "with skipStore",
      (held) => {
        held.context().skipStore();
        held.resolve("v");
      },
    ],
    ["for a TTL of 0", (held) => held.resolve("v"), { ttl: 0 }],
    ["what cannot be stored", (held) => held.resolve(() => undefined)],
  ];
  it.each(unstored)("loads again at once when the other's loader returned %s", async (_, end, options) => {
    const held = await hold<unknown>(options);
    const asked = ask(() => "second");
    await asked.hasMissed;
    end(held);
    await held.result.catch(() => undefined);
    expect(await within(AT_ONCE_MS, asked.result)).toBe("second");
    expect(await one.get(key)).toBe("second");
  });

  it("takes over from a loader that hangs longer than its lease, whose late result is refused", async () => {
    const outcomes: string[] = [];
    one.on("load", ({ outcome }) => outcomes.push(outcome));
    const held = await hold<string>(SHORT_LEASE);
    expect(await within(AT_ONCE_MS, ask(() => "heir").result)).toBe("heir");
    held.resolve("late");
    expect(await held.result).toBe("late");
    expect(outcomes).toEqual(["detached"]);
    expect(await Promise.all([one.get(key), other.get(key)])).toEqual(["heir", "heir"]);
  });

  // Memcached cannot list its keys.
  const itWhenListed = store.name === "Memcached" ? undefined : it;
  itWhenListed?.(
    "stores nothing of a load that a deletion by prefix of the other outdates, although there was nothing to list",
    async () => {
      const held = await hold<string>();
      expect(await other.deleteByPrefix(key)).toBe(0);
      held.resolve("outdated");
      expect(await held.result).toBe("outdated");
      expect(await Promise.all([one.get(key), other.get(key)])).toEqual([undefined, undefined]);
    },
  );

  // A client of a cluster is told the servers' own addresses: no proxy stands in its way.
  const itWhenCut = store.isCuttable ? it : undefined;
  itWhenCut?.("takes over from a loader whose process is cut off and never fills", async () => {
    const held = await hold<string>(SHORT_LEASE);
    for (const proxy of servers.proxies) await proxy.goDown();
    try {
      expect(await within(AT_ONCE_MS, ask(() => "heir").result)).toBe("heir");
      held.resolve("late");
      expect(await held.result).toBe("late");
      expect(await other.get(key)).toBe("heir");
    } finally {
      for (const proxy of servers.proxies) await proxy.comeUp();
    }
  });

  it("hands out what is over at once, to all but the one that loads", async () => {
    const options: GetOrSetOptions = { ttl: "40ms", staleWhileRevalidate: "1h" };
    await one.getOrSet(key, () => "old", options);
    await waitUntil("the entry to be over", 5_000, async () => !(await other.exists(key)));
    const held = holdLoader<string>();
    // The new one lives long enough to be seen.
    expect(await one.getOrSet(key, held.loader, { ...options, ttl: "1h" })).toBe("old");
    await held.called;
    const startedAt = performance.now();
    expect(await other.getOrSet(key, mustNotLoad, options)).toBe("old");
    expect(await one.getOrSet(key, mustNotLoad, options)).toBe("old");
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
    held.resolve("new");
    await waitUntil("the new value", 5_000, async () => (await other.get(key)) === "new");
  });

  it("getOrSetMulti does not load what the other loads, and calls its loader once with the rest", async () => {
    const held = await hold<string>();
    const [second, third] = [`${key} b`, `${key} c`];
    const calls: string[][] = [];
    const batch = other.getOrSetMulti<string>([key, second, third], async (keys) => {
      calls.push([...keys]);
      return new Map(keys.map((each) => [each, `loaded ${each}`]));
    });
    // The rest does not wait for what is held up.
    await waitUntil("the rest", 5_000, async () => (await one.get(third)) === `loaded ${third}`);
    held.resolve("first");
    expect(await batch).toEqual(
      new Map([
        [key, "first"],
        [second, `loaded ${second}`],
        [third, `loaded ${third}`],
      ]),
    );
    expect(calls).toEqual([[second, third]]);
  });

  describe("a caller who comes while a load runs that another process has outdated", () => {
    const changes: readonly [string, () => Promise<unknown>][] = [
      ["a delete", () => other.delete(key)],
      ["a clear", () => other.clear()],
      ["an invalidation of its tag", () => other.invalidateTags(["tag"])],
    ];
    const tagged: GetOrSetOptions = { tags: ["tag"] };

    it.each(changes)("is not handed the old value after %s", async (_, change) => {
      const held = await hold<string>(tagged);
      await change();
      const later = [one.getOrSet(key, () => "new", tagged), one.getOrSet(key, () => "new", tagged)];
      const batch = one.getOrSetMulti([key], async () => new Map([[key, "new"]]), tagged);
      held.resolve("old");
      expect(await held.result).toBe("old");
      expect(await Promise.all(later)).toEqual(["new", "new"]);
      expect((await batch).get(key)).toBe("new");
      expect(await one.get(key)).toBe("new");
    });

    it.each(changes)("is not served what a forced load found before %s elsewhere", async (_, change) => {
      await one.set(key, "old", tagged);
      const held = await hold<string>({ forceFresh: true });
      await change();
      const hasMissed = new Promise<void>((resolve) => void one.on("miss", () => resolve()));
      const later = one.getOrSet(key, () => "own", { grace: "1h" }).catch((error: Error) => error.message);
      await hasMissed;
      held.reject(new Error("down"));
      await expect(held.result).rejects.toThrow("down");
      expect(await later).toBe("down");
    });

    it("is not handed one that was not to be stored either", async () => {
      const held = await hold<string>();
      await other.delete(key);
      const later = one.getOrSet(key, () => "new");
      held.context().skipStore();
      held.resolve("old");
      expect(await held.result).toBe("old");
      expect(await later).toBe("new");
    });

    it("shares the value when nothing has changed, stored or not", async () => {
      for (const isStored of [true, false]) {
        key = `${key} ${isStored}`;
        const held = await hold<string>();
        const later = Array.from({ length: 5 }, () => one.getOrSet<string>(key, mustNotLoad));
        if (!isStored) held.context().skipStore();
        held.resolve("v");
        expect(new Set(await Promise.all([held.result, ...later]))).toEqual(new Set(["v"]));
        // Nor does anybody look once more: that the store took it was word enough.
        expect(one.stats().hits).toBe(0);
      }
    });

    it("is not handed what stood in before it was deleted", async () => {
      const options: GetOrSetOptions = { ttl: "40ms", staleWhileRevalidate: "1h" };
      await one.getOrSet(key, () => "old", options);
      await waitUntil("the entry to be over", 5_000, async () => !(await other.exists(key)));
      const held = holdLoader<string>();
      expect(await one.getOrSet(key, held.loader, options)).toBe("old");
      await held.called;
      await other.delete(key);
      const later = one.getOrSet(key, () => "new", options);
      held.resolve("older");
      expect(await later).toBe("new");
    });
  });

  it("alone does not wait for the other, and brings back nothing that was deleted meanwhile", async () => {
    const alone: GetOrSetOptions = { distributedSingleFlight: false };
    const held = await hold<string>(alone);
    expect(
      await within(
        AT_ONCE_MS,
        other.getOrSet(key, () => "own", alone),
      ),
    ).toBe("own");
    await other.set(key, "written");
    await other.delete(key);
    held.resolve("old");
    expect(await held.result).toBe("old");
    expect(await other.get(key)).toBeUndefined();
  });

  it("with forceFresh calls its own loader also when another process has just loaded", async () => {
    const held = await hold<string>();
    const forced = ask(() => "forced", { forceFresh: true });
    await forced.hasMissed;
    held.resolve("loaded before");
    expect(await forced.result).toBe("forced");
    expect(await one.get(key)).toBe("forced");
  });

  it("with forceFresh waits for no other process, whose result is then stored no more", async () => {
    const held = await hold<string>();
    // The other loader runs on all the while.
    expect(
      await within(
        AT_ONCE_MS,
        other.getOrSet(key, () => "forced", { forceFresh: true }),
      ),
    ).toBe("forced");
    expect(await other.get(key)).toBe("forced");
    held.resolve("from before");
    expect(await held.result).toBe("from before");
    expect(await other.get(key)).toBe("forced");
  });

  it("with forceFresh stores its result though a forced load of another process, begun before, ends first", async () => {
    await one.set(key, "old", "1h");
    const held = await hold<string>({ forceFresh: true });
    const fresh = holdLoader<string>();
    const forced = other.getOrSet(key, fresh.loader, { forceFresh: true });
    await fresh.called;
    held.resolve("from before");
    expect(await held.result).toBe("from before");
    fresh.resolve("fresh");
    expect(await forced).toBe("fresh");
    expect(await one.get(key)).toBe(store.hasRoomBeside ? "fresh" : "from before");
  });

  it("with forceFresh ends what lives when its loader finds nothing", async () => {
    await one.set(key, "old", "1h");
    expect(await other.getOrSet(key, () => undefined, { forceFresh: true })).toBeUndefined();
    await waitUntil("the end of the entry", 5_000, async () => (await one.get(key)) === undefined);
    await one.set(key, "old", "1h");
    expect(await other.getOrSet(key, () => "kept nowhere", { forceFresh: true, ttl: 0 })).toBe("kept nowhere");
    expect(await one.get(key)).toBeUndefined();
  });

  it("with forceFresh leaves what lives as it is when its loader throws", async () => {
    await one.set(key, "old", "1h");
    const failing = other.getOrSet(key, () => Promise.reject(new Error("no source")), { forceFresh: true });
    await expect(failing).rejects.toThrow("no source");
    expect(await one.get(key)).toBe("old");
  });

  it("serves a live entry to everybody while it is refreshed", async () => {
    const options: GetOrSetOptions = { ttl: "1h", refreshAhead: 0.000_001 };
    await one.set(key, "live", "1h");
    await waitUntil("the entry to age", 5_000, async () => Number(await one.ttl(key)) < 3_600_000 - 10);
    const held = holdLoader<string>();
    expect(await one.getOrSet(key, held.loader, options)).toBe("live");
    await held.called;
    expect(await one.getOrSet(key, mustNotLoad, options)).toBe("live");
    expect(await one.getOrSet(key, mustNotLoad)).toBe("live");
    held.resolve("refreshed");
    await waitUntil("the refresh", 5_000, async () => (await one.get(key)) === "refreshed");
  });

  const outages: readonly [string, (servers: FleetServers) => Promise<unknown>, (servers: FleetServers) => unknown][] =
    [
      [
        "is down",
        ({ proxies }) => Promise.all(proxies.map((proxy) => proxy.goDown())),
        ({ proxies }) => Promise.all(proxies.map((proxy) => proxy.comeUp())),
      ],
      [
        "hangs",
        async ({ proxies }) => {
          for (const proxy of proxies) proxy.set({ blackHolesReplies: true });
        },
        ({ proxies }) => {
          for (const proxy of proxies) proxy.resetAll();
          for (const proxy of proxies) proxy.heal();
        },
      ],
    ];
  itWhenCut?.each(outages)(
    "loads in each process while the store %s, within one deadline, and together again when it is back",
    async (_, takeDown, bringBack) => {
      const deadlineMs = 1_000;
      const config = { ...servers.behindProxies, deadlines: { read: deadlineMs, write: deadlineMs } };
      const pair = [createCache(config), createCache(config)] as const;
      try {
        await Promise.all(pair.map((cache) => cache.ready()));
        await takeDown(servers);
        const calls: string[] = [];
        const startedAt = performance.now();
        const values = await Promise.all(
          pair.map((cache, index) =>
            cache.getOrSet(key, () => {
              calls.push(`process ${index}`);
              return `own ${index}`;
            }),
          ),
        );
        const tookMs = performance.now() - startedAt;
        await bringBack(servers);
        expect(values).toEqual(["own 0", "own 1"]);
        expect(calls).toHaveLength(2);
        // Two deadlines would be as many as two calls.
        expect(tookMs).toBeLessThan(2 * deadlineMs - 100);
        expect(await other.get(key)).toBeUndefined();
        let loads = 0;
        await waitUntil("both to load together", 20_000, async () => {
          const probe = `${key} ${performance.now()}`;
          loads = 0;
          const held = holdLoader<string>();
          const loader: Loader<string> = (context) => {
            loads += 1;
            return held.loader(context);
          };
          const all = pair.map((cache) => cache.getOrSet(probe, loader));
          await held.called;
          held.resolve("v");
          await Promise.all(all);
          return loads === 1 && (await other.get(probe)) === "v";
        });
        expect(loads).toBe(1);
      } finally {
        await Promise.all(pair.map((cache) => cache.close()));
      }
    },
  );

  const itWhenPolled = store.hasMessages ? undefined : it;
  itWhenPolled?.("looks for the other's result by itself, not much later than it is there", async () => {
    const lateMs: number[] = [];
    for (const loadMs of [5, 50, 200, 600]) {
      key = `${key} ${loadMs}`;
      const held = await hold<string>();
      const asked = ask<string>(mustNotLoad);
      await asked.hasMissed;
      await new Promise((resolve) => setTimeout(resolve, loadMs));
      held.resolve("v");
      await held.result;
      const filledAt = performance.now();
      expect(await asked.result).toBe("v");
      lateMs.push(Math.round(performance.now() - filledAt));
    }
    process.stdout.write(`polled: ${lateMs.join(", ")} ms late after loads of 5, 50, 200 and 600 ms\n`);
    // The longest pause is half a second, and a quarter more by chance.
    expect(Math.max(...lateMs)).toBeLessThan(2_000);
  });
});
