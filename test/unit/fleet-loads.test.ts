import { describe, expect, it } from "vitest";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import type { FleetStore } from "../support/map-fleet.ts";
import { defer, openFleet, settle, type TestCache } from "../support/open-cache.ts";

type Process = TestCache<FleetStore>;

function openPair(): readonly [Process, Process] {
  const [one, other] = openFleet(2);
  return [one as Process, other as Process];
}

/** Collects how loads end. */
function outcomesOf({ cache }: Process): string[] {
  const outcomes: string[] = [];
  cache.on("load", ({ outcome }) => outcomes.push(outcome));
  return outcomes;
}

function hang(): Promise<never> {
  return new Promise(() => undefined);
}

describe("one load in a fleet", () => {
  it("serves callers of every process, who are woken when it is stored", async () => {
    const [one, other] = openPair();
    const source = defer<string>();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return source.promise;
    };
    const callers = [one, other, one, other].map(({ cache }) => cache.getOrSet("k", load));
    await settle();
    source.resolve("v");
    // No time passes: nobody needs to look by himself.
    expect(await Promise.all(callers)).toEqual(["v", "v", "v", "v"]);
    expect(calls).toBe(1);
    expect(one.store.tierCalls.concat(other.store.tierCalls).filter((call) => call === "fill")).toHaveLength(1);
  });

  it("is taken over by who waits when its loader throws, and each process calls its own loader once", async () => {
    const [one, other] = openPair();
    let failures = 0;
    const source = defer<never>();
    const failing = (): Promise<never> => {
      failures += 1;
      return source.promise;
    };
    const callers = Array.from({ length: 10 }, () => one.cache.getOrSet("k", failing));
    const verdicts = Promise.allSettled(callers);
    await settle();
    const waiting = other.cache.getOrSet("k", () => "from the other");
    await settle();
    source.reject(new Error("down"));
    expect((await verdicts).map(({ status }) => status)).toEqual(Array(10).fill("rejected"));
    expect(await waiting).toBe("from the other");
    expect(failures).toBe(1);
  });

  it("is taken over by who waits when its loader hangs, and a late result of it is refused", async () => {
    const [one, other] = openPair();
    const late = defer<string>();
    const outcomes = outcomesOf(one);
    const hung = one.cache.getOrSet("k", () => late.promise, { distributedSingleFlight: { lease: 200 } });
    await settle();
    const waiting = other.cache.getOrSet("k", () => "heir");
    await other.time.advanceAsync(201);
    expect(await waiting).toBe("heir");
    late.resolve("late");
    expect(await hung).toBe("late");
    expect(await other.cache.get("k")).toBe("heir");
    expect(outcomes).toEqual(["detached"]);
  });

  it("is not waited for beyond the hard timeout of a caller elsewhere", async () => {
    const [one, other] = openPair();
    const verdict = expect(one.cache.getOrSet("k", hang)).rejects.toThrow();
    await settle();
    const hasty = expect(other.cache.getOrSet("k", () => "never called", { hardTimeout: 50 })).rejects.toMatchObject({
      code: "GCX_LOADER_TIMEOUT",
    });
    await other.time.advanceAsync(50);
    await hasty;
    await one.time.advanceAsync(30_000);
    await verdict;
  });

  it("is not joined by a call elsewhere that wants nothing but fresh, whose result replaces that of the older load", async () => {
    const [one, other] = openPair();
    const source = defer<string>();
    const older = one.cache.getOrSet("k", () => source.promise);
    await settle();
    const forced = other.cache.getOrSet("k", () => "fresh", { forceFresh: true });
    await settle();
    source.resolve("older");
    expect(await older).toBe("older");
    expect(await forced).toBe("fresh");
    expect(await one.cache.get("k")).toBe("fresh");
  });
});

describe("a load that hangs in a fleet", () => {
  it("is not waited for by a call elsewhere that wants nothing but fresh", async () => {
    const [one, other] = openPair();
    void one.cache.getOrSet("k", hang).catch(() => undefined);
    await settle();
    // No time passes.
    expect(await other.cache.getOrSet("k", () => "fresh", { forceFresh: true })).toBe("fresh");
    expect(await one.cache.get("k")).toBe("fresh");
  });

  const changes: readonly (readonly [string, (process: Process) => Promise<unknown>, object])[] = [
    ["a delete", ({ cache }) => cache.delete("k"), {}],
    ["an invalidation of its tag", ({ cache }) => cache.invalidateTags(["t"]), {}],
    ["a clear", ({ cache }) => cache.clear(), {}],
    ["a delete by prefix", ({ cache }) => cache.deleteByPrefix("k"), {}],
    ["nothing, when the call wants fresh", async () => undefined, { forceFresh: true }],
  ];
  it.each(changes)("holds up nobody who comes after %s in its process", async (_what, change, options) => {
    const [one, other] = openPair();
    const late = defer<string>();
    const outcomes = outcomesOf(one);
    const hung = one.cache.getOrSet("k", () => late.promise, { tags: ["t"] });
    await settle();
    await change(one);
    // No time passes: nobody waits for the end of the older lease.
    expect(await one.cache.getOrSet("k", () => "new", { tags: ["t"], ...options })).toBe("new");
    expect(await other.cache.get("k")).toBe("new");
    late.resolve("old");
    expect(await hung).toBe("old");
    expect(await other.cache.get("k")).toBe("new");
    expect(outcomes).toEqual(["stored", "detached"]);
  });

  it("and was detached while it asked for its leave gives that back at once", async () => {
    const [one, other] = openPair();
    await one.cache.ready();
    const held = one.store.holdTier("getOrLease", { at: "reply", calls: 1 });
    const late = defer<string>();
    const hung = one.cache.getOrSet("k", () => late.promise, { tags: ["t"] });
    await held.arrived();
    await one.cache.invalidateTags(["t"]);
    held.release();
    await settle();
    expect(await other.cache.getOrSet("k", () => "new", { tags: ["t"] })).toBe("new");
    late.resolve("old");
    expect(await hung).toBe("old");
    expect(await other.cache.get("k")).toBe("new");
  });
});

describe("the leave to load a key", () => {
  const failures: readonly (readonly [string, (process: Process) => Promise<unknown>])[] = [
    [
      "the loader throws",
      ({ cache }) =>
        cache
          .getOrSet("k", () => {
            throw new Error("down");
          })
          .catch(() => undefined),
    ],
    ["the loader finds nothing", ({ cache }) => cache.getOrSet("k", () => undefined)],
    [
      "the loader says not to store",
      ({ cache }) =>
        cache.getOrSet("k", ({ skipStore }) => {
          skipStore();
          return "v";
        }),
    ],
    ["the result has a TTL of nothing", ({ cache }) => cache.getOrSet("k", () => "v", { ttl: 0 })],
    [
      "the key was deleted while the loader ran",
      ({ cache }) =>
        cache.getOrSet("k", async () => {
          await cache.delete("k");
          return "v";
        }),
    ],
    [
      "the hard timeout passed",
      async ({ cache, time }) => {
        const hung = cache.getOrSet("k", hang, { hardTimeout: 100 }).catch(() => undefined);
        await time.advanceAsync(100);
        await hung;
      },
    ],
    [
      "a batch loader throws",
      ({ cache }) => cache.getOrSetMulti(["k"], () => Promise.reject(new Error("down"))).catch(() => undefined),
    ],
  ];

  it.each(failures)("is given back once when %s", async (_what, load) => {
    const [one, other] = openPair();
    await load(one);
    await settle();
    expect(one.store.tierCalls).toEqual(["getOrLease", "release"]);
    // No time passes.
    expect(await other.cache.getOrSet("k", () => "at once")).toBe("at once");
  });

  it("is given back when it comes after its callers have left, and no loader is called", async () => {
    const [one, other] = openPair();
    await one.cache.ready();
    const held = one.store.holdTier("getOrLease", { at: "reply", calls: 1 });
    const leaving = new AbortController();
    let calls = 0;
    const load = (): string => {
      calls += 1;
      return "v";
    };
    const left = expect(one.cache.getOrSet("k", load, { signal: leaving.signal })).rejects.toThrow("left");
    await held.arrived();
    leaving.abort(new Error("left"));
    await left;
    held.release();
    await settle();
    expect(calls).toBe(0);
    expect(one.store.tierCalls).toEqual(["getOrLease", "release"]);
    expect(await other.cache.getOrSet("k", () => "at once")).toBe("at once");
  });

  it("is not given back while the result is on its way with it", async () => {
    const [one] = openPair();
    await one.cache.ready();
    const held = one.store.holdTier("fill", { calls: 1 });
    const loading = one.cache.getOrSet("k", () => "v", { hardTimeout: 100 });
    await held.arrived();
    await one.time.advanceAsync(100);
    expect(await loading).toBe("v");
    held.release();
    await settle();
    expect(one.store.tierCalls).toEqual(["getOrLease", "fill"]);
    expect(await one.cache.get("k")).toBe("v");
  });

  it("that could not be asked for means that nothing is stored, for nobody would know what came between", async () => {
    const [one] = openPair();
    await one.cache.ready();
    const held = one.store.holdTier("getOrLease", { calls: 1 });
    const writes = one.store.hold("set");
    const loading = one.cache.getOrSet("k", () => "v");
    await held.arrived();
    held.fail(new BackendUnavailableError("map", "getOrLease", "away"));
    expect(await loading).toBe("v");
    expect(writes.waitingCount()).toBe(0);
    expect(one.store.tierCalls).toEqual(["getOrLease"]);
  });

  it("of one key of a batch, while another process has it, does not hold up the others", async () => {
    const [one, other] = openPair();
    const source = defer<string>();
    const single = other.cache.getOrSet("a", () => source.promise);
    await settle();
    const asked: string[][] = [];
    const many = one.cache.getOrSetMulti(["a", "b"], (keys) => {
      asked.push([...keys]);
      return new Map(keys.map((key) => [key, key.toUpperCase()]));
    });
    await settle();
    expect(await other.cache.get("b")).toBe("B");
    source.resolve("from the other");
    expect(Object.fromEntries(await many)).toEqual({ a: "from the other", b: "B" });
    expect(await single).toBe("from the other");
    expect(asked).toEqual([["b"]]);
  });
});

describe("a result that was not stored", () => {
  it("of a load with tags goes to nobody who came after another process had invalidated one of them", async () => {
    const [one, other] = openPair();
    const source = defer<string>();
    const older = one.cache.getOrSet("k", () => source.promise, { tags: ["t"] });
    await settle();
    await other.cache.invalidateTags(["t"]);
    await one.time.advanceAsync(1);
    const later = one.cache.getOrSet("k", () => "new", { tags: ["t"] });
    await settle();
    await one.time.advanceAsync(1);
    // It gives its token back, which still stands: only a result that is stored is looked at by its tags.
    await one.cache.invalidateTags(["t"]);
    source.resolve("old");
    expect(await older).toBe("old");
    expect(await later).toBe("new");
  });
});
