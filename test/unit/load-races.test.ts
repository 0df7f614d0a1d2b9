import { describe, expect, it } from "vitest";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

/*
 * The table "What a naive build gets wrong" of the protocol, as far as one store per cache can show it. The rows that speak of a first tier in front of a shared one
 * are about the same guards there: a load's record, conditions and stamps of its write, detaching by every change. What only two tiers have (a back-fill of the first
 * from the second, marks of freshness, heads) is tested with the tiers.
 *
 * Which test shows which row is listed in docs/design/loading.md. Elsewhere: rows 1, 3 and 6 for single loads (get-or-set.test.ts, each change), 2 and 22 for writes on their way and late ones (remote-races.test.ts), the fleet's
 * tokens (fleet-loads.test.ts), against real servers (load-races.test.ts of the integration tests), 26 (lost-replies.test.ts there).
 */

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const changes: ReadonlyArray<readonly [string, (test: TestCache) => Promise<unknown>, string | undefined]> = [
  ["a set", ({ cache }) => cache.set("k", "written"), "written"],
  ["a set of many", ({ cache }) => cache.setMulti({ k: "written" }), "written"],
  ["a delete", ({ cache }) => cache.delete("k"), undefined],
  ["a delete of many", ({ cache }) => cache.deleteMulti(["k"]), undefined],
  ["a delete by prefix", ({ cache }) => cache.deleteByPrefix("k"), undefined],
  ["an invalidation of its tag", ({ cache }) => cache.invalidateTags(["t"]), undefined],
  ["a clear", ({ cache }) => cache.clear(), undefined],
];

/** How a load of "k" begins whose source was read before the change. */
interface LoadKind {
  readonly name: string;
  /** What stands under the key before, and when. */
  readonly prepare?: (test: TestCache) => Promise<unknown>;
  /** Begins it; resolves with what its caller gets once `source` has answered. */
  readonly begin: (test: TestCache, source: Promise<string | undefined>) => Promise<unknown>;
  readonly answer: string | undefined;
}

const TAGS = { tags: ["t"] };
const kinds: readonly LoadKind[] = [
  {
    name: "a batch load",
    answer: "old",
    begin: ({ cache }, source) =>
      cache.getOrSetMulti(["k", "other"], async () => new Map([["k", (await source) as string]]), TAGS),
  },
  {
    name: "a negative result",
    answer: undefined,
    begin: ({ cache }, source) => cache.getOrSet("k", () => source, { ...TAGS, negativeTtl: 60_000 }),
  },
  {
    name: "a refresh ahead",
    answer: "old",
    prepare: async ({ cache, time }) => {
      await cache.getOrSet("k", () => "older", { ...TAGS, ttl: 1_000, refreshAhead: 0.5 });
      await time.advanceAsync(600);
    },
    begin: ({ cache }, source) => cache.getOrSet("k", () => source, { ...TAGS, ttl: 1_000, refreshAhead: 0.5 }),
  },
  {
    name: "a revalidation behind what is stale",
    answer: "old",
    prepare: async ({ cache, time }) => {
      await cache.getOrSet("k", () => "older", { ...TAGS, ttl: 1_000, staleWhileRevalidate: 60_000 });
      await time.advanceAsync(1_500);
    },
    begin: ({ cache }, source) => cache.getOrSet("k", () => source, { ...TAGS, staleWhileRevalidate: 60_000 }),
  },
  {
    name: "a forced load",
    answer: "old",
    prepare: ({ cache }) => cache.set("k", "older", TAGS),
    begin: ({ cache }, source) => cache.getOrSet("k", () => source, { ...TAGS, forceFresh: true }),
  },
  {
    name: "a load that says that what is stale is still right",
    answer: "old",
    prepare: async ({ cache, time }) => {
      await cache.getOrSet("k", () => "older", { ...TAGS, ttl: 1_000, grace: 60_000 });
      await time.advanceAsync(1_500);
    },
    begin: ({ cache }, source) =>
      cache.getOrSet<string>(
        "k",
        async ({ notModified }) => {
          await source;
          return notModified();
        },
        { ...TAGS, grace: 60_000 },
      ),
  },
];

describe.each(stores)("rows 1, 2, 3, 15, 17, 18 and 23 on %s", (_store, open) => {
  describe.each(kinds)("$name", ({ prepare, begin, answer }) => {
    // An entry that is over is found by no prefix; the load that replaces it is detached all the same.
    it.each(changes)("that read its source before %s stores nothing after it", async (_change, change, left) => {
      const test = open();
      await prepare?.(test);
      const source = defer<string | undefined>();
      const loading = begin(test, source.promise);
      await settle();
      await change(test);
      source.resolve(answer);
      await loading;
      await settle();
      expect(await test.cache.get("k")).toBe(left);
    });
  });

  it("a stale value is returned to nobody who comes after its key was deleted, also while an older load still has it", async () => {
    const test = open();
    const options = { ...TAGS, grace: 60_000 };
    await test.cache.getOrSet("k", () => "older", { ...options, ttl: 1_000 });
    await test.time.advanceAsync(1_500);
    const source = defer<string>();
    const older = test.cache.getOrSet("k", () => source.promise, options);
    await settle();
    await test.cache.delete("k");
    const failing = test.cache.getOrSet("k", () => Promise.reject(new Error("down")), options);
    await expect(failing).rejects.toThrow("down");
    source.resolve("old");
    expect(await older).toBe("old");
    expect(await test.cache.exists("k")).toBe(false);
  });
});

describe("rows 4 and 5: answers that come together, the load's first", () => {
  const together: ReadonlyArray<readonly [string, "delete" | "clear" | "invalidateTags"]> = [
    ["a delete's", "delete"],
    ["a clear's", "clear"],
    ["a tag invalidation's", "invalidateTags"],
  ];
  it.each(together)("the answer to a load's write and %s leave nothing of the load", async (_what, operation) => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const writes = store.hold("set", { at: "reply", calls: 1 });
    const loading = cache.getOrSet("k", () => "old", TAGS);
    await writes.arrived();
    const held = store.hold(operation, { at: "reply", calls: 1 });
    const changing =
      operation === "delete" ? cache.delete("k") : operation === "clear" ? cache.clear() : cache.invalidateTags(["t"]);
    await held.arrived();
    // In one step, before anybody who waits for either goes on.
    writes.release();
    held.release();
    await Promise.all([loading, changing]);
    expect(await cache.get("k")).toBeUndefined();
  });

  it.each(together)(
    "the answer to a load's stamp and %s detach the load before its loader runs",
    async (_what, operation) => {
      const { cache, store } = openRemoteCache();
      await cache.ready();
      const outcomes: string[] = [];
      cache.on("load", ({ outcome }) => outcomes.push(outcome));
      const stamps = store.hold("stamp", { at: "reply", calls: 1 });
      const loading = cache.getOrSet("k", () => "old", TAGS);
      await stamps.arrived();
      const held = store.hold(operation, { at: "reply", calls: 1 });
      const changing =
        operation === "delete"
          ? cache.delete("k")
          : operation === "clear"
            ? cache.clear()
            : cache.invalidateTags(["t"]);
      await held.arrived();
      stamps.release();
      held.release();
      await Promise.all([loading, changing]);
      expect(outcomes).toEqual(["detached"]);
      expect(await cache.get("k")).toBeUndefined();
    },
  );
});

describe("rows 4 and 5 on memory", () => {
  it.each(changes)(
    "a loader's answer and %s in one step leave nothing of the load, whichever is first",
    async (_change, change, left) => {
      for (const isAnswerFirst of [true, false]) {
        const test = openMemoryCache();
        const source = defer<string>();
        const loading = test.cache.getOrSet("k", () => source.promise, TAGS);
        await settle();
        if (isAnswerFirst) source.resolve("old");
        const changing = change(test);
        source.resolve("old");
        await Promise.all([loading, changing]);
        expect(await test.cache.get("k")).toBe(left);
      }
    },
  );
});

describe("row 6: readers after a change", () => {
  it("start one load together, which the end of the older one leaves joinable", async () => {
    const { cache } = openMemoryCache();
    const [older, newer] = [defer<string>(), defer<string>()];
    const first = cache.getOrSet("k", () => older.promise);
    await cache.delete("k");
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return newer.promise;
    };
    const second = cache.getOrSet("k", load);
    older.resolve("old");
    expect(await first).toBe("old");
    const third = cache.getOrSet("k", load);
    newer.resolve("new");
    expect(await Promise.all([second, third])).toEqual(["new", "new"]);
    expect(calls).toBe(1);
  });

  it("are not told of the failure of a load from before the change", async () => {
    const { cache } = openMemoryCache();
    const source = defer<never>();
    const older = expect(cache.getOrSet("k", () => source.promise, { errorTtl: 60_000 })).rejects.toThrow("down");
    await cache.delete("k");
    source.reject(new Error("down"));
    await older;
    expect(await cache.getOrSet("k", () => "new", { errorTtl: 60_000 })).toBe("new");
  });

  it("of a prefix store what they load only if it began after the deletion was over", async () => {
    // Without conditional writes only the second detaching stands between the old value and the store.
    const { cache, store } = openRemoteCache({ capabilities: { conditionalWrites: false } });
    await cache.set("kept", "so that the prefix finds something");
    const source = defer<string>();
    const held = store.hold("deleteMulti", { calls: 1 });
    const deleting = cache.deleteByPrefix("k");
    await held.arrived();
    const loading = cache.getOrSet("k", () => source.promise);
    await settle();
    held.release();
    await deleting;
    source.resolve("read before the deletion was over");
    await loading;
    expect(await cache.exists("k")).toBe(false);
  });
});

describe("row 15 between processes", () => {
  it("a refresh does not replace what another client wrote meanwhile", async () => {
    const { cache, store, time } = openRemoteCache();
    const options = { ttl: 1_000, refreshAhead: 0.5 };
    await cache.getOrSet("k", () => "older", options);
    await time.advanceAsync(600);
    const source = defer<string>();
    expect(await cache.getOrSet("k", () => source.promise, options)).toBe("older");
    await settle();
    await store.openSecond().set("k", { value: "newer", ttlMs: 60_000, tags: [] }, {});
    source.resolve("old");
    await settle();
    expect(await cache.get("k")).toBe("newer");
  });
});

describe.each(stores)("row 17 on %s: a hit", (_store, open) => {
  it.each(changes)("that was read before %s is written back nowhere", async (_change, change, left) => {
    const test = open();
    await test.cache.set("k", "old", TAGS);
    const hit = test.cache.getOrSet("k", () => "never called", TAGS);
    const batch = test.cache.getOrSetMulti(["k"], () => new Map([["k", "never called"]]), TAGS);
    await change(test);
    expect([await hit, (await batch).get("k")]).toEqual(["old", "old"]);
    await settle();
    expect(await test.cache.get("k")).toBe(left);
  });
});

describe("row 18 on memory: a load's write that fails", () => {
  it("leaves nothing of the load, and its callers have the value", async () => {
    const { cache } = openMemoryCache({ maxSizeBytes: 1_000 });
    const outcomes: string[] = [];
    cache.on("load", ({ outcome }) => outcomes.push(outcome));
    const large = "x".repeat(10_000);
    expect(await cache.getOrSet("k", () => large)).toBe(large);
    expect(await cache.exists("k")).toBe(false);
    expect(outcomes).toEqual(["unstored"]);
  });
});

describe.each(stores)("row 24 on %s", (_store, open) => {
  it("what a load stored ends with its own TTL, also for who joined with a longer one or asks with a longer one later", async () => {
    const { cache, time } = open();
    const source = defer<string>();
    const calls = [1_000, 60_000].map((ttl) => cache.getOrSet("k", () => source.promise, { ttl }));
    await settle();
    source.resolve("old");
    expect(await Promise.all(calls)).toEqual(["old", "old"]);
    expect(await cache.getOrSet("k", () => "never called", { ttl: 60_000 })).toBe("old");
    await time.advanceAsync(999);
    expect(await cache.exists("k")).toBe(true);
    await time.advanceAsync(1);
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.getOrSet("k", () => "new", { ttl: 60_000 })).toBe("new");
  });
});

describe.each(stores)("rows 22 and 26 on %s: an increment that comes again with its opId", (_store, open) => {
  it("counts once, and detaches the load of its key each time", async () => {
    const { cache } = open();
    for (let time = 0; time < 2; time += 1) {
      const source = defer<number>();
      const loading = cache.getOrSet("k", () => source.promise, { forceFresh: true });
      await settle();
      expect(await cache.increment("k", 1, { opId: "once" })).toBe(1);
      source.resolve(100);
      expect(await loading).toBe(100);
      expect(await cache.get("k")).toBe(1);
    }
  });
});

describe("row 26: an increment whose answer is lost", () => {
  it("detaches the load of its key, for it may have happened", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const source = defer<number>();
    const loading = cache.getOrSet("k", () => source.promise);
    await settle();
    const held = store.hold("increment", { at: "reply", calls: 1 });
    const counting = expect(cache.increment("k")).rejects.toThrow("reset");
    await held.arrived();
    held.fail(new BackendUnavailableError("map", "increment", "The connection was reset."));
    await counting;
    source.resolve(0);
    expect(await loading).toBe(0);
    expect(await cache.get("k")).toBe(1);
  });
});

describe.each(stores)("a write right after an invalidation of its tag on %s", (_store, open) => {
  it("is kept, also within the same instant and again and again", async () => {
    const { cache } = open();
    for (let round = 0; round < 50; round += 1) {
      const invalidating = cache.invalidateTags(["t"]);
      if (round % 2 === 0) await invalidating;
      else void invalidating;
      await cache.set("k", round, TAGS);
      await invalidating;
      expect(await cache.get("k")).toBe(round);
    }
  });
});

describe.each(stores)("the time of a caller on %s", (_store, open) => {
  it("counts from the call for who takes over from a hung loader: the rest, and not all of it again", async () => {
    const { cache, time } = open();
    const hang = (): Promise<never> => new Promise(() => undefined);
    const first = expect(cache.getOrSet("k", hang, { hardTimeout: 200 })).rejects.toThrow();
    await settle();
    let endedAtMs = 0;
    const second = cache.getOrSet("k", hang, { hardTimeout: 300 }).catch(() => {
      endedAtMs = time.clock.monotonicMs();
    });
    const startedAtMs = time.clock.monotonicMs();
    await time.advanceAsync(1_000);
    await Promise.all([first, second]);
    expect(endedAtMs - startedAtMs).toBe(300);
  });
});

describe("the time of a caller over a slow store", () => {
  it("leaves the loader what the store did not take", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const reads = store.hold("get", { calls: 1 });
    const loading = expect(
      cache.getOrSet("k", () => new Promise<never>(() => undefined), { hardTimeout: 300 }),
    ).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await reads.arrived();
    await time.advanceAsync(200);
    reads.release();
    let isOver = false;
    void loading.then(() => {
      isOver = true;
    });
    await time.advanceAsync(99);
    expect(isOver).toBe(false);
    await time.advanceAsync(1);
    await settle();
    expect(isOver).toBe(true);
  });

  it("is no verdict on the store when the caller gave it less than its deadline", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const states: string[] = [];
    cache.on("breaker", ({ state }) => states.push(state));
    store.hold("get", { heedsSignal: false });
    for (let index = 0; index < 10; index += 1) {
      const loading = cache.getOrSet(`k${index}`, () => "v", { softTimeout: 10 });
      await time.advanceAsync(10);
      expect(await loading).toBe("v");
    }
    expect(states).toEqual([]);
  });
});

describe.each(stores)("what stands in on %s", (_store, open) => {
  it("is as old as the call allows, to the millisecond, however long the store keeps it", async () => {
    const { cache, time } = open();
    const failing = (): never => {
      throw new Error("down");
    };
    await cache.getOrSet("k", () => "old", { ttl: 1_000, grace: 60_000 });
    await time.advanceAsync(1_499);
    expect(await cache.getOrSet("k", failing, { grace: 500 })).toBe("old");
    await time.advanceAsync(1);
    await expect(cache.getOrSet("k", failing, { grace: 500 })).rejects.toThrow("down");
  });

  it("is served while it is loaded anew for as long as the call allows, to the millisecond", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", () => "old", { ttl: 1_000, grace: 60_000 });
    await time.advanceAsync(1_499);
    const failing = (): Promise<never> => Promise.reject(new Error("down"));
    expect(await cache.getOrSet("k", failing, { staleWhileRevalidate: 500 })).toBe("old");
    await settle();
    await time.advanceAsync(1);
    expect(await cache.getOrSet("k", () => "new", { staleWhileRevalidate: 500 })).toBe("new");
  });

  it("is taken by who joined with less time, and the load goes on when the one who started it has left", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", () => "old", { ttl: 1_000, grace: 60_000 });
    await time.advanceAsync(1_500);
    const source = defer<string>();
    const leaving = new AbortController();
    const first = expect(
      cache.getOrSet("k", () => source.promise, { grace: 60_000, signal: leaving.signal }),
    ).rejects.toThrow("left");
    await settle();
    const hasty = cache.getOrSet("k", () => "never called", { grace: 60_000, softTimeout: 50, hardTimeout: 200 });
    await settle();
    await time.advanceAsync(50);
    expect(await hasty).toBe("old");
    leaving.abort(new Error("left"));
    await first;
    await time.advanceAsync(200);
    source.resolve("new");
    await settle();
    expect(await cache.get("k")).toBe("new");
  });

  it("is refreshed in the background also when somebody joins the refresh and leaves", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", () => "old", { ttl: 1_000, staleWhileRevalidate: 60_000 });
    await time.advanceAsync(1_500);
    const source = defer<string>();
    expect(await cache.getOrSet("k", () => source.promise, { staleWhileRevalidate: 60_000 })).toBe("old");
    await settle();
    const leaving = new AbortController();
    const joined = expect(cache.getOrSet("k", () => "never called", { signal: leaving.signal })).rejects.toThrow(
      "left",
    );
    await settle();
    leaving.abort(new Error("left"));
    await joined;
    source.resolve("new");
    await settle();
    expect(await cache.get("k")).toBe("new");
  });
});

describe("refreshes of a batch in the background", () => {
  it("take their places in the room for them, and give them back", async () => {
    const { cache, time } = openMemoryCache();
    const options = { ttl: 1_000, refreshAhead: 0.5 };
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    const valuesOf = (asked: readonly string[], value: string): Map<string, string> =>
      new Map(asked.map((key) => [key, value]));
    await cache.getOrSetMulti(keys, (asked) => valuesOf(asked, "old"), options);
    await time.advanceAsync(600);
    const asked: number[] = [];
    const load = (missing: readonly string[]): Map<string, string> => {
      asked.push(missing.length);
      return valuesOf(missing, "new");
    };
    await cache.getOrSetMulti(keys, load, options);
    await settle();
    await cache.getOrSetMulti(keys, load, options);
    await settle();
    expect(asked).toEqual([32, 8]);
  });
});
