import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { SerializationError } from "../../src/foundation/errors.ts";
import { codecValue } from "../support/codec/codec-values.ts";
import { strictDifference } from "../support/codec/strict-difference.ts";
import { type BehindTest, openBehind } from "../support/near/open-behind.ts";
import { openMemoryCache } from "../support/open-cache.ts";

const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_129);
const RUNS = Number(process.env["GOCACHEX_PROPERTY_RUNS"] ?? 60);
const TAGS = ["a", "b"];

/** Values of which a memory cache with `copy: true` keeps copies are compared with what that returns, all with what was given. */
async function expectSame(cache: Cache, given: unknown, where: string): Promise<void> {
  const values = [await cache.get("k"), (await cache.getMulti(["k"])).get("k"), (await cache.getEntry("k"))?.value];
  values.push(await cache.getOrSet("k", () => "loaded"));
  for (const value of values) expect(strictDifference(given, value), where).toBeUndefined();
}

async function arrive({ time }: BehindTest): Promise<void> {
  await time.advanceAsync(0);
  await time.advanceAsync(0);
}

describe("a value of a cache with tiers", () => {
  it.each(["through", "around", "behind"] as const)(
    "reads back equal in every tier, in the process that wrote it and in another: written %s",
    async (write) => {
      const reference = openMemoryCache({ copy: true }).cache;
      await fc.assert(
        fc.asyncProperty(codecValue, fc.boolean(), async (value, copy) => {
          const writer = await openBehind({ storage: "bytes", write, copy });
          const { cache } = writer;
          const options = { ttl: 60_000, tags: TAGS };
          let isRefused = false;
          try {
            await cache.set("k", value, options);
          } catch (error) {
            if (!(error instanceof SerializationError)) throw error;
            isRefused = true;
          }
          // What is refused is refused at once, and leaves nothing.
          if (isRefused) {
            expect(await cache.get("k")).toBeUndefined();
            return;
          }
          await expectSame(cache, value, "just written");
          await arrive(writer);
          await expectSame(cache, value, "arrived");
          const reader = await writer.openOther();
          expect((await reader.cache.getEntry("k"))?.tier).toBe("map");
          await expectSame(reader.cache, value, "in another process");
          const entries = [await cache.getEntry("k"), await reader.cache.getEntry("k")];
          for (const entry of entries) {
            expect(entry).toMatchObject({ ttl: 60_000, tags: TAGS, stale: false, tier: expect.any(String) });
            expect(entry?.version).toBe(entries[0]?.version);
          }
          await expectAsInMemory(reference, cache, value, options);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );

  it.each(["through", "around", "behind"] as const)(
    "is null in every tier where it is known that there is none: written %s",
    async (write) => {
      const writer = await openBehind({ storage: "bytes", write });
      const absent = (): null => null;
      expect(await writer.cache.getOrSet("k", absent, { negativeTtl: 1_000 })).toBeNull();
      await arrive(writer);
      const reader = await writer.openOther();
      for (const { cache } of [writer, reader, reader]) {
        expect(await cache.getOrSet("k", () => "loaded")).toBeNull();
        expect(await cache.get("k")).toBeNull();
        expect(await cache.exists("k")).toBe(true);
        expect((await cache.getEntry("k"))?.ttl).toBe(1_000);
      }
    },
  );
});

/** The same as a cache of memory alone returns, where that takes the value. */
async function expectAsInMemory(
  reference: Cache,
  cache: Cache,
  value: unknown,
  options: { readonly ttl: number; readonly tags: readonly string[] },
): Promise<void> {
  try {
    await reference.set("k", value, options);
  } catch (error) {
    if (error instanceof SerializationError) return;
    throw error;
  }
  const [own, other] = [await reference.getEntry("k"), await cache.getEntry("k")];
  expect(strictDifference(own?.value, other?.value)).toBeUndefined();
  expect({ ttl: other?.ttl, tags: other?.tags, stale: other?.stale }).toEqual({
    ttl: own?.ttl,
    tags: own?.tags,
    stale: own?.stale,
  });
}
