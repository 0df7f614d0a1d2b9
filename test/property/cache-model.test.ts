import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { EVICTION_POLICY_NAMES } from "../../src/memory/eviction/eviction-policies.ts";
import type { MemoryBackend } from "../../src/memory/memory-backend.ts";
import { collect, openMemoryCache, type TestCache } from "../support/open-cache.ts";

interface ModelEntry {
  value: unknown;
  expiresAt: number;
  tags: readonly string[];
}

/** What a cache is, in the plainest words: one map per view, swept by comparing instants. */
class Model {
  readonly views = new Map<string, Map<string, ModelEntry>>([
    ["", new Map()],
    ["n", new Map()],
    ["n/m", new Map()],
  ]);
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  live(view: string, key: string): ModelEntry | undefined {
    const entry = this.views.get(view)?.get(key);
    return entry !== undefined && entry.expiresAt > this.now ? entry : undefined;
  }

  put(view: string, key: string, value: unknown, ttlMs: number, tags: readonly string[] = []): void {
    const entries = this.views.get(view) as Map<string, ModelEntry>;
    if (ttlMs === 0) entries.delete(key);
    else entries.set(key, { value, expiresAt: this.now + ttlMs, tags });
  }

  remove(view: string, key: string): boolean {
    const wasLive = this.live(view, key) !== undefined;
    this.views.get(view)?.delete(key);
    return wasLive;
  }
}

interface World {
  readonly test: TestCache;
  readonly model: Model;
  readonly isBounded: boolean;
}

type Step = (world: World) => Promise<void>;

const views = fc.constantFrom("", "n", "n/m");
const keys = fc.constantFrom("a", "b", "c", "d", "@a", "n:a", "e".repeat(300));
const ttls = fc.constantFrom(Number.POSITIVE_INFINITY, 1, 10, 1_000, 60_000, 0);
const values = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constantFrom(null, false, 0, ""),
  fc.array(fc.integer(), { maxLength: 20 }),
);
const tags = fc.subarray(["t", "u", "v"]);

function viewOf(cache: Cache, path: string): Cache {
  return path === "" ? cache : path.split("/").reduce((view, name) => view.namespace(name), cache);
}

/** With bounds an entry may be gone, but what is there must be what the model says. */
function expectSame({ isBounded }: World, actual: unknown, expected: unknown): void {
  if (isBounded && actual === undefined) return;
  expect(actual).toEqual(expected);
}

const steps: fc.Arbitrary<{ name: string; run: Step }> = fc.oneof(
  fc.tuple(views, keys, values, ttls, tags).map(([view, key, value, ttl, own]) => ({
    name: `set ${view} ${key.slice(0, 5)} ttl ${ttl}`,
    run: async ({ test, model }: World): Promise<void> => {
      await viewOf(test.cache, view).set(key, value, { ttl, tags: own });
      model.put(view, key, value, ttl, own);
    },
  })),
  fc.tuple(views, keys).map(([view, key]) => ({
    name: `get ${view} ${key.slice(0, 5)}`,
    run: async (world: World): Promise<void> => {
      const expected = world.model.live(view, key);
      expectSame(world, await viewOf(world.test.cache, view).get(key), expected?.value);
      expectSame(world, viewOf(world.test.cache, view).peek(key), expected?.value);
      const ttl = await viewOf(world.test.cache, view).ttl(key);
      expectSame(world, ttl, expected && expected.expiresAt - world.model.now);
    },
  })),
  fc.tuple(views, keys).map(([view, key]) => ({
    name: `delete ${view} ${key.slice(0, 5)}`,
    run: async (world: World): Promise<void> => {
      const wasLive = world.model.remove(view, key);
      const removed = await viewOf(world.test.cache, view).delete(key);
      if (!world.isBounded) expect(removed).toBe(wasLive);
    },
  })),
  fc.tuple(views, keys, fc.integer({ min: -5, max: 5 })).map(([view, key, delta]) => ({
    name: `increment ${view} ${key.slice(0, 5)} by ${delta}`,
    run: async (world: World): Promise<void> => {
      const { model, test } = world;
      const entry = model.live(view, key);
      const cache = viewOf(test.cache, view);
      if (world.isBounded && entry !== undefined && !(await cache.exists(key))) model.remove(view, key);
      const current = model.live(view, key);
      if (current !== undefined && !Number.isSafeInteger(current.value)) {
        await expect(cache.increment(key, delta)).rejects.toMatchObject({ code: "GCX_COUNTER_TYPE" });
        return;
      }
      const sum = ((current?.value as number | undefined) ?? 0) + delta;
      expect(await cache.increment(key, delta)).toBe(sum);
      if (current === undefined) model.put(view, key, sum, Number.POSITIVE_INFINITY);
      else current.value = sum;
    },
  })),
  fc.tuple(views, keys, values).map(([view, key, value]) => ({
    name: `getOrSet ${view} ${key.slice(0, 5)}`,
    run: async (world: World): Promise<void> => {
      let isLoaded = false;
      const got = await viewOf(world.test.cache, view).getOrSet(key, () => {
        isLoaded = true;
        return value;
      });
      const expected = world.model.live(view, key);
      if (isLoaded) {
        if (!world.isBounded) expect(expected).toBeUndefined();
        world.model.put(view, key, value, Number.POSITIVE_INFINITY);
      } else expect(got).toEqual(expected?.value);
    },
  })),
  fc.tuple(views, keys, ttls).map(([view, key, ttl]) => ({
    name: `expire ${view} ${key.slice(0, 5)} ${ttl}`,
    run: async (world: World): Promise<void> => {
      const entry = world.model.live(view, key);
      const isThere = await viewOf(world.test.cache, view).expire(key, ttl);
      if (!world.isBounded) expect(isThere).toBe(entry !== undefined);
      if (ttl === 0) world.model.remove(view, key);
      else if (entry !== undefined) entry.expiresAt = world.model.now + ttl;
    },
  })),
  tags.map((own) => ({
    name: `invalidate ${own.join()}`,
    run: async ({ test, model }: World): Promise<void> => {
      await test.cache.invalidateTags(own);
      for (const entries of model.views.values()) {
        for (const [key, entry] of entries) if (entry.tags.some((tag) => own.includes(tag))) entries.delete(key);
      }
    },
  })),
  views.map((view) => ({
    name: `clear ${view}`,
    run: async ({ test, model }: World): Promise<void> => {
      await viewOf(test.cache, view).clear();
      for (const [path, entries] of model.views) if (path.startsWith(view)) entries.clear();
    },
  })),
  fc.tuple(views, fc.constantFrom("", "a", "@", "n:", "eee")).map(([view, prefix]) => ({
    name: `keys ${view} ${prefix}`,
    run: async (world: World): Promise<void> => {
      const listing = collect(viewOf(world.test.cache, view).keys({ prefix }));
      await world.test.time.advanceAsync(0);
      const listed = await listing;
      const expected = [...(world.model.views.get(view)?.keys() ?? [])].filter(
        (key) => key.startsWith(prefix) && world.model.live(view, key) !== undefined,
      );
      if (world.isBounded) expect(expected).toEqual(expect.arrayContaining(listed));
      else expect(listed.sort()).toEqual(expected.sort());
    },
  })),
  fc.constantFrom(0, 1, 9, 999, 30_000, 3_600_000).map((ms) => ({
    name: `advance ${ms}`,
    run: async ({ test, model }: World): Promise<void> => {
      await test.time.advanceAsync(ms);
      model.now += ms;
    },
  })),
);

async function play(world: World, script: readonly { name: string; run: Step }[]): Promise<void> {
  const store = world.test.store as MemoryBackend;
  for (const step of script) {
    await step.run(world);
    store.checkInvariants();
  }
  await world.test.cache.close();
  // A slice of sweeping that was due anyway finds nothing to do.
  await world.test.time.advanceAsync(0);
  expect(world.test.time.pendingCount()).toBe(0);
}

describe("a memory cache against a plain model", () => {
  it("answers every operation as the model does when nothing is bounded", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (script) => {
        const test = openMemoryCache();
        await play({ test, model: new Model(test.time.clock.wallMs()), isBounded: false }, script);
      }),
      { numRuns: 150 },
    );
  });

  it.each(EVICTION_POLICY_NAMES)(
    "never shows a wrong value and never exceeds its bounds under %s",
    async (evictionPolicy) => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (script) => {
          const test = openMemoryCache({ maxKeys: 5, maxSizeBytes: 3_000, evictionPolicy });
          await play({ test, model: new Model(test.time.clock.wallMs()), isBounded: true }, script);
        }),
        { numRuns: 40 },
      );
    },
  );
});
