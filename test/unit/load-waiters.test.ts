import { describe, expect, it } from "vitest";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const never = (): Promise<never> => new Promise(() => undefined);
const codeOf = (error: { readonly code?: string; readonly message: string }): string => error.code ?? error.message;
const nameOf = (error: Error): string => error.name;

describe.each(stores)("who waits for a load on %s and may take what stands in", (_store, open) => {
  /** A cache whose "k" is over and kept. */
  async function openGraceful(): Promise<TestCache & { readonly reasons: string[] }> {
    const test = open();
    await test.cache.getOrSet("k", () => "old", { ttl: 100, grace: "1h" });
    await test.time.advanceAsync(200);
    const reasons: string[] = [];
    test.cache.on("stale", ({ reason }) => reasons.push(reason));
    return { ...test, reasons };
  }

  it("is not counted as answered with it when it leaves", async () => {
    const { cache, reasons } = await openGraceful();
    const leaver = new AbortController();
    const call = cache.getOrSet("k", never, { grace: "1h", signal: leaver.signal }).catch(nameOf);
    await settle();
    leaver.abort();
    expect(await call).toBe("AbortError");
    await settle();
    expect(reasons).toEqual([]);
    expect(cache.stats().staleServed).toBe(0);
  });

  it("ends the load when it is the last to leave", async () => {
    const { cache } = await openGraceful();
    const leavers = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    const load = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
      signals.push(signal);
      return never();
    };
    const calls = leavers.map(({ signal }) => cache.getOrSet("k", load, { grace: "1h", signal }).catch(nameOf));
    await settle();
    for (const leaver of leavers) {
      leaver.abort();
      await settle();
    }
    expect(await Promise.all(calls)).toEqual(["AbortError", "AbortError"]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("is answered once when the load fails after the soft timeout", async () => {
    const { cache, time, reasons } = await openGraceful();
    const source = defer<string>();
    const options = { grace: "1h", softTimeout: 50, hardTimeout: "1h" } as const;
    const first = cache.getOrSet("k", () => source.promise, options);
    await settle();
    const second = cache.getOrSet("k", never, { ...options, hardTimeout: "10m" });
    await settle();
    await time.advanceAsync(60);
    expect(await Promise.all([first, second])).toEqual(["old", "old"]);
    source.reject(new Error("down"));
    await settle();
    await settle();
    expect(reasons).toEqual(["slow", "slow"]);
    expect(cache.stats().staleServed).toBe(2);
  });
});

describe.each(stores)("who joins a load on %s", (_store, open) => {
  it("has the error that its loader threw while the cache closes", async () => {
    const { cache } = open();
    const source = defer<string>();
    const load = (): Promise<string> => source.promise;
    const first = cache.getOrSet("k", load).catch(codeOf);
    await settle();
    const second = cache.getOrSet("k", load).catch(codeOf);
    await settle();
    const closing = cache.close();
    source.reject(new Error("down"));
    expect(await Promise.all([first, second])).toEqual(["down", "down"]);
    await closing;
  });

  it("does not take the timeout of another key, thrown by the loader, for the load's own", async () => {
    const { cache, time } = open();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return cache.getOrSet("inner", never, { hardTimeout: 100 });
    };
    const callers = Array.from({ length: 4 }, () => cache.getOrSet("outer", load).catch(codeOf));
    await settle();
    await time.advanceAsync(101);
    await settle();
    expect(await Promise.all(callers)).toEqual(Array.from({ length: 4 }, () => "GCX_LOADER_TIMEOUT"));
    expect(calls).toBe(1);
  });

  it("shares its timeout for errorTtl with who comes later, but takes over with the patience that it has left", async () => {
    const { cache, time } = open();
    const calls: string[] = [];
    const hang = (who: string) => (): Promise<never> => {
      calls.push(who);
      return never();
    };
    const hasty = { hardTimeout: 100, errorTtl: "10s" } as const;
    const first = cache.getOrSet("k", hang("first"), hasty).catch(codeOf);
    await settle();
    await time.advanceAsync(101);
    expect(await first).toBe("GCX_LOADER_TIMEOUT");
    expect(await cache.getOrSet("k", hang("second"), hasty).catch(codeOf)).toBe("GCX_LOADER_TIMEOUT");
    await time.advanceAsync(10_000);
    const third = cache.getOrSet("k", hang("third"), hasty).catch(codeOf);
    await settle();
    const patient = cache.getOrSet("k", () => "mine");
    await settle();
    await time.advanceAsync(101);
    expect(await third).toBe("GCX_LOADER_TIMEOUT");
    expect(await patient).toBe("mine");
    expect(calls).toEqual(["first", "third"]);
  });
});
