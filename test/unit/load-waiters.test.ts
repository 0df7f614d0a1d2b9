import { describe, expect, it } from "vitest";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const never = (): Promise<never> => new Promise(() => undefined);
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
