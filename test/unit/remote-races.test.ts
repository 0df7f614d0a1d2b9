import { describe, expect, it } from "vitest";
import { BackendError } from "../../src/foundation/errors.ts";
import { collect, defer, openRemoteCache, settle } from "../support/open-cache.ts";

describe("a load's write at a remote store", () => {
  it("that arrives after its deadline does not bring back what was deleted while the load ran", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const held = store.hold("set", { heedsSignal: false, calls: 1 });
    const loading = cache.getOrSet("k", () => "old");
    await held.arrived();
    await cache.delete("k");
    await time.advanceAsync(1_000);
    expect(await loading).toBe("old");
    held.release();
    await settle();
    await settle();
    expect(await cache.get("k")).toBeUndefined();
  });

  it("that arrives after its deadline does not bring back what was invalidated after the load was over", async () => {
    for (const invalidate of ["delete", "tags", "clear"] as const) {
      const { cache, store, time } = openRemoteCache();
      await cache.ready();
      const held = store.hold("set", { heedsSignal: false, calls: 1 });
      const loading = cache.getOrSet("k", () => "old", { tags: ["t"] });
      await held.arrived();
      await time.advanceAsync(1_000);
      expect(await loading).toBe("old");
      if (invalidate === "delete") await cache.delete("k");
      else if (invalidate === "tags") await cache.invalidateTags(["t"]);
      else await cache.clear();
      held.release();
      await settle();
      await settle();
      expect(await cache.get("k")).toBeUndefined();
    }
  });

  it("that arrives after its caller's hard timeout and then its deadline does not bring back what was invalidated after both", async () => {
    for (const invalidate of ["delete", "tags", "clear"] as const) {
      const { cache, store, time } = openRemoteCache();
      await cache.ready();
      const held = store.hold("set", { heedsSignal: false, calls: 1 });
      const loading = cache.getOrSet("k", () => "old", { tags: ["t"], hardTimeout: 200 });
      await held.arrived();
      await time.advanceAsync(200);
      expect(await loading).toBe("old");
      await time.advanceAsync(1_000);
      if (invalidate === "delete") await cache.delete("k");
      else if (invalidate === "tags") await cache.invalidateTags(["t"]);
      else await cache.clear();
      held.release();
      await settle();
      await settle();
      expect(await cache.get("k")).toBeUndefined();
    }
  });

  it("that arrives after its deadline stays when nothing was invalidated", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const held = store.hold("set", { heedsSignal: false, calls: 1 });
    const loading = cache.getOrSet("k", () => "v");
    await held.arrived();
    await time.advanceAsync(1_000);
    await loading;
    held.release();
    await settle();
    expect(await cache.get("k")).toBe("v");
  });

  it("is taken back without touching what somebody else has written since", async () => {
    for (const capabilities of [{}, { transactions: "none" as const }]) {
      const { cache, store } = openRemoteCache({ capabilities });
      await cache.ready();
      const held = store.hold("set", { at: "reply", calls: 1 });
      const loading = cache.getOrSet("k", () => "old");
      await held.arrived();
      await cache.delete("k");
      expect(await cache.setNX("k", "newer")).toBe(true);
      held.release();
      expect(await loading).toBe("old");
      expect(await cache.get("k")).toBe("newer");
    }
  });

  it("does not overwrite what another client wrote while the loader ran", async () => {
    const { cache, store } = openRemoteCache();
    const elsewhere = store.openSecond();
    const source = defer<string>();
    const loading = cache.getOrSet("k", () => source.promise);
    await settle();
    await elsewhere.set("k", { value: "newer", ttlMs: Number.POSITIVE_INFINITY, tags: [] }, {});
    source.resolve("older");
    expect(await loading).toBe("older");
    expect(await cache.get("k")).toBe("newer");
  });

  it("is not made when its tags could not be stamped", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const held = store.hold("stamp", { calls: 1 });
    const loading = cache.getOrSet("k", () => "v", { tags: ["t"] });
    await held.arrived();
    held.fail(new Error("away"));
    expect(await loading).toBe("v");
    expect(await cache.exists("k")).toBe(false);
  });

  it("is taken back also while the cache is closing", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const elsewhere = store.openSecond();
    const held = store.hold("set", { at: "reply", calls: 1 });
    const loading = cache.getOrSet("k", () => "old");
    await held.arrived();
    await cache.delete("k");
    const closing = cache.close();
    held.release();
    expect(await loading).toBe("old");
    await closing;
    expect(await elsewhere.get("k", {})).toBeUndefined();
  });
});

describe("loads that callers share", () => {
  it("carry the tags of everybody who joins", async () => {
    const { cache } = openRemoteCache();
    const source = defer<string>();
    const first = cache.getOrSet("k", () => source.promise, { tags: ["a"] });
    await settle();
    const second = cache.getOrSet("k", () => "never called", { tags: ["b"] });
    await settle();
    source.resolve("v");
    expect(await Promise.all([first, second])).toEqual(["v", "v"]);
    expect((await cache.getEntry("k"))?.tags).toEqual(["a", "b"]);
  });

  it("are not joined by a caller with other tags once the result is on its way", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const held = store.hold("set", { calls: 1 });
    const first = cache.getOrSet("k", () => "first");
    await held.arrived();
    const second = cache.getOrSet("k", () => "second", { tags: ["b"] });
    await settle();
    held.release();
    expect(await first).toBe("first");
    expect(await second).toBe("second");
  });

  it("are taken over by a caller with more patience than the one who started them", async () => {
    const { cache, time } = openRemoteCache();
    await cache.ready();
    const hung = cache.getOrSet("k", () => new Promise<string>(() => undefined), { hardTimeout: 100 });
    const hungEnds = expect(hung).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await settle();
    const patient = cache.getOrSet("k", () => "taken over", { hardTimeout: 5_000 });
    await settle();
    await time.advanceAsync(100);
    await hungEnds;
    expect(await patient).toBe("taken over");
    expect(time.pendingCount()).toBe(0);
  });

  it("do not call the loader when everybody has left before it", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const held = store.hold("stamp", { calls: 1 });
    const leaving = new AbortController();
    let calls = 0;
    const loading = cache.getOrSet(
      "k",
      () => {
        calls += 1;
        return "v";
      },
      { signal: leaving.signal },
    );
    await held.arrived();
    leaving.abort(new Error("left"));
    await expect(loading).rejects.toThrow("left");
    held.release();
    await settle();
    expect(calls).toBe(0);
  });
});

describe("a change whose outcome is unknown", () => {
  it("still detaches a load that began while it was on its way", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const source = defer<string>();
    const held = store.hold("delete", { heedsSignal: false, calls: 1 });
    const deleting = expect(cache.delete("k")).rejects.toMatchObject({ code: "GCX_BACKEND_OUTCOME_UNKNOWN" });
    await held.arrived();
    const loading = cache.getOrSet("k", () => source.promise);
    await settle();
    await time.advanceAsync(1_000);
    await deleting;
    source.resolve("read too early");
    await loading;
    expect(await cache.exists("k")).toBe(false);
  });
});

describe("listing a remote store", () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  function openWithScan(
    next: () => Promise<IteratorResult<readonly string[]>>,
  ): ReturnType<typeof openRemoteCache> & { stopped: () => number } {
    const opened = openRemoteCache();
    let stoppedCount = 0;
    let abortedCount = 0;
    const iterator = {
      next,
      return: async () => {
        stoppedCount += 1;
        return { done: true as const, value: undefined };
      },
    };
    const scan = (_prefix: string, { signal }: { signal: AbortSignal }): unknown => {
      signal.addEventListener("abort", () => {
        abortedCount += 1;
      });
      return { [Symbol.asyncIterator]: () => iterator };
    };
    Object.assign(opened.store, { scan });
    return { ...opened, stopped: () => Math.min(stoppedCount, abortedCount) };
  }

  it("fails by the deadline when the store hangs, and tells the store to stop", async () => {
    const { cache, time, stopped } = openWithScan(never);
    await cache.ready();
    const listing = expect(collect(cache.keys())).rejects.toMatchObject({ code: "GCX_BACKEND_TIMEOUT" });
    const deleting = expect(cache.deleteByPrefix("a")).rejects.toMatchObject({ code: "GCX_BACKEND_TIMEOUT" });
    await settle();
    await time.advanceAsync(1_000);
    await Promise.all([listing, deleting]);
    expect(stopped()).toBe(2);
    expect(time.pendingCount()).toBe(0);
  });

  it("leaves at once when the signal is aborted", async () => {
    const { cache } = openWithScan(never);
    await cache.ready();
    const aborting = new AbortController();
    const listing = expect(collect(cache.keys({ signal: aborting.signal }))).rejects.toThrow("left");
    await settle();
    aborting.abort(new Error("left"));
    await listing;
  });

  it("translates the store's errors", async () => {
    const { cache } = openWithScan(() => Promise.reject(new Error("ECONNRESET")));
    await expect(collect(cache.keys())).rejects.toBeInstanceOf(BackendError);
  });

  it("stands in for clear where the store has none", async () => {
    const { cache } = openRemoteCache({ capabilities: { clear: false } });
    const view = cache.namespace("n");
    for (const each of [cache, view, view.namespace("m"), cache.namespace("n2")]) await each.set("k", 1);
    await view.clear();
    expect([await cache.exists("k"), await view.exists("k"), await view.namespace("m").exists("k")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(await cache.namespace("n2").exists("k")).toBe(true);
    await cache.clear();
    expect(await cache.namespace("n2").exists("k")).toBe(false);
  });
});

describe("calls that wait for the caller's own function", () => {
  it.each(["update", "transaction"] as const)("leave %s at once when the signal is aborted", async (operation) => {
    const { cache } = openRemoteCache();
    const aborting = new AbortController();
    const { signal } = aborting;
    const hung = (): Promise<never> => new Promise(() => undefined);
    const call =
      operation === "update" ? cache.update("k", hung, { signal }) : cache.transaction(["k"], hung, { signal });
    const verdict = expect(call).rejects.toThrow("left");
    await settle();
    aborting.abort(new Error("left"));
    await verdict;
  });

  it("leave lock at once, and give back the lease that comes late", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const aborting = new AbortController();
    const held = store.hold("lease", { calls: 1, at: "reply" });
    const taking = expect(cache.lock("l", { ttl: "1m", signal: aborting.signal })).rejects.toThrow("left");
    await held.arrived();
    aborting.abort(new Error("left"));
    await taking;
    held.release();
    await settle();
    await settle();
    await (await cache.lock("l", { ttl: "1m" })).release();
  });
});
