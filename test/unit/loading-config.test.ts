import { describe, expect, it } from "vitest";
import { defineBackend } from "../../src/backend/define-backend.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import type { LoadingConfig } from "../../src/config/sections/loading-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { settle } from "../support/open-cache.ts";

/** A store that fails every read. */
function createFailing(): { readonly backend: ReturnType<typeof defineBackend>; readonly askedCount: () => number } {
  let asked = 0;
  const backend = defineBackend({
    name: "failing",
    get: async () => {
      asked += 1;
      throw new Error("down");
    },
    set: async (_key: string, _write: EntryWrite) => ({ stored: true, version: 1 }),
    delete: async () => false,
  });
  return { backend, askedCount: () => asked };
}

describe("the section loading of createCache", () => {
  it.each<[string, LoadingConfig, GetOrSetOptions]>([
    ["the cache's", { hardTimeout: 5 }, {}],
    ["the call's", { hardTimeout: false }, { hardTimeout: 5 }],
  ])("ends a wait after %s hard timeout", async (_whose, loading, options) => {
    await using cache = createCache({ loading, deadlines: { close: 1 } });
    const hang = (): Promise<never> => new Promise(() => undefined);
    await expect(cache.getOrSet("k", hang, options)).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
  });

  it("keeps what is not there, and namespaces can switch that off", async () => {
    await using cache = createCache({ loading: { negativeTtl: "1m" } });
    expect(await cache.getOrSet("k", () => undefined)).toBe(null);
    expect(await cache.exists("k")).toBe(true);
    const plain = cache.namespace("plain", { negativeTtl: false });
    expect(await plain.getOrSet("k", () => undefined)).toBe(undefined);
    expect(await plain.exists("k")).toBe(false);
  });

  it.each<[keyof LoadingConfig, LoadingConfig]>([
    ["grace", { grace: "1h" }],
    ["staleWhileRevalidate", { staleWhileRevalidate: "1m" }],
  ])("refuses %s by name where the store keeps nothing beyond its TTL", async (name, loading) => {
    const { backend } = createFailing();
    expect(() => createCache({ backend, loading })).toThrow(
      expect.objectContaining({
        code: "GCX_CONFIG_UNSUPPORTED",
        field: `loading.${name}`,
        message: expect.stringMatching(
          /"failing" does not\. Leave it out, or use a store with the capability stale\.$/,
        ),
      }),
    );
    await using cache = createCache({ backend: createMapBackend({ async: true }), loading });
    expect(await cache.getOrSet("k", () => 1, { ttl: "1m" })).toBe(1);
  });

  it("says which setting stands in the way", () => {
    const loading = { grace: "1h" } as const;
    expect(() => createCache({ backend: "memcached", consistency: { mode: "plain" }, loading })).toThrow(
      /consistency\.mode to "coherent"/,
    );
    expect(() => createCache({ memory: { storage: "shared", maxSize: "1MB" }, loading })).toThrow(
      /memory\.storage to "heap"/,
    );
  });

  it("says after how many failures loads do without the store, and for how long", async () => {
    const { backend, askedCount } = createFailing();
    await using cache = createCache({
      backend,
      loading: { breakerFailures: 2, breakerMinPause: "1m", breakerMaxPause: "1h" },
    });
    for (const key of ["a", "b", "c", "d"]) expect(await cache.getOrSet(key, () => key)).toBe(key);
    expect(askedCount()).toBe(2);
  });

  it("says how many loads run in the background at a time", async () => {
    const backend = defineBackend({
      name: "aging",
      get: async () => ({ value: 1, version: 1, expiresAt: Date.now() + 10_000, tags: [] }),
      set: async (_key: string, _write: EntryWrite) => ({ stored: true, version: 1 }),
      delete: async () => false,
    });
    await using cache = createCache({ backend, loading: { maxBackgroundLoads: 1, refreshAhead: 0.5 } });
    const release: (() => void)[] = [];
    const load = (): Promise<number> => new Promise((resolve) => release.push(() => resolve(2)));
    expect(await cache.getOrSet("a", load, { ttl: "1m" })).toBe(1);
    expect(await cache.getOrSet("b", load, { ttl: "1m" })).toBe(1);
    await settle();
    expect(release).toHaveLength(1);
    for (const each of release) each();
  });
});
