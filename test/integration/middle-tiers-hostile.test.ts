import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { readPastMemory, startThreeTiers, type ThreeTiers } from "./support/three-tiers.ts";

/** `maxStaleness` of the caches. */
const D = 1_000;
const PLACE = "gcx-copy:k";

/** What a middle tier holds is nobody's word but its own: a Redis whose contents are changed behind the caches' backs. */
describe("a middle tier whose contents are wrong", () => {
  let tiers: ThreeTiers;
  beforeAll(async () => {
    tiers = await startThreeTiers("redis");
  });
  afterAll(() => tiers.stop());
  afterEach(async () => {
    await tiers.closeCaches();
    await tiers.last.send("FLUSHALL");
    await tiers.middle?.send("FLUSHALL");
  });

  const settle = (cache: Cache, key = "k"): Promise<void> =>
    expect.poll(async () => (await readPastMemory(cache, key))[0], { timeout: 10_000, interval: 10 }).toBe("redis-2");

  async function bytesOf(place: string): Promise<Buffer> {
    const reply = (await tiers.middle?.send("GET", place)) ?? "";
    return Buffer.from(reply.slice(reply.indexOf("\r\n") + 2, -2), "latin1");
  }

  /** Reads a key past memory, for longer than the bound. */
  async function readFor(cache: Cache, check: (tier: string | undefined, value: unknown) => void): Promise<void> {
    const untilMs = performance.now() + D + 200;
    while (performance.now() < untilMs) check(...(await readPastMemory(cache, "k")));
  }

  it("serves none of the older copies that a process which stood still puts there at last", async () => {
    const [writer, reader] = [tiers.open(), tiers.open()];
    const older: Buffer[] = [];
    for (let round = 0; round < 5; round += 1) {
      await writer.set("k", `old ${round}`);
      await settle(reader);
      older.push(await bytesOf(PLACE));
    }
    const receipt = await writer.set("k", "new");
    await reader.get("k", { after: receipt });
    let round = 0;
    await readFor(reader, (_, value) => {
      round += 1;
      void tiers.middle?.send("SET", PLACE, older[round % older.length] as Buffer);
      expect(value).toBe("new");
    });
    expect(round).toBeGreaterThan(5);
    expect(reader.stats().tiers[1]?.copies?.unproven).toBeGreaterThan(0);
  });

  it("serves nothing of another key, of another program, or damaged, and puts what is right in its place", async () => {
    const cache = tiers.open();
    await cache.set("k", "value of k");
    await cache.set("other", "value of other");
    await settle(cache, "other");
    const ofOther = await bytesOf("gcx-copy:other");
    await settle(cache);
    const right = await bytesOf(PLACE);
    const damaged = Buffer.from(right);
    damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
    for (const wrong of [ofOther, damaged, right.subarray(0, 50), Buffer.from("of another program"), Buffer.alloc(0)]) {
      await cache.getOrSet("something else", () => 1);
      await tiers.middle?.send("SET", PLACE, wrong);
      expect((await readPastMemory(cache, "k"))[1]).toBe("value of k");
      await settle(cache);
    }
  });

  it("serves no copy of a last tier that is another one", async () => {
    const cache = tiers.open();
    await cache.set("k", "of the life before");
    await settle(cache);
    const before = await bytesOf(PLACE);
    await tiers.last.send("FLUSHALL");
    const receipt = await cache.set("k", "of this life");
    await cache.get("k", { after: receipt });
    await tiers.middle?.send("SET", PLACE, before);
    await readFor(cache, (_, value) => expect(value).toBe("of this life"));
  });

  it("has values under the cache's keys, by a codec of its own", async () => {
    const keys = [createHash("sha256").update("a key for this test").digest("base64")];
    const cache = tiers.open(
      { encryption: { keys } },
      { codec: { serializer: "v8", compression: true, compressionThreshold: 0 } },
    );
    const value = { secret: "in the clear nowhere ".repeat(20), at: new Date(7) };
    await cache.set("k", value);
    await settle(cache);
    expect(await readPastMemory(cache, "k")).toEqual(["redis-2", value]);
    const bytes = await bytesOf(PLACE);
    expect(bytes.includes("in the clear")).toBe(false);
    expect(bytes.length).toBeLessThan(300);
  });

  it("may be two of them, of which the nearer one is filled by the other, and memory of the threads", async () => {
    const nearer = tiers.open();
    await nearer.set("k", "v");
    await settle(nearer);
    const [front, middle, last] = tiers.configOf();
    const cache = createCache({
      tiers: [front, { backend: "memory", memory: { storage: "shared", maxSize: "2MB" }, timeout: "1s" }, middle, last],
      consistency: { maxStaleness: D },
    });
    try {
      const seen = new Set<string | undefined>();
      await expect
        .poll(
          async () => {
            const [tier, value] = await readPastMemory(cache, "k");
            expect(value).toBe("v");
            seen.add(tier);
            return tier;
          },
          { timeout: 10_000, interval: 10 },
        )
        .toBe("memory-2");
      const names = cache.stats().tiers.map(({ name }) => name);
      expect(names).toEqual(["memory", "memory-2", "redis-3", "redis"]);
      await cache.set("k", "w");
      expect((await readPastMemory(cache, "k"))[1]).toBe("w");
    } finally {
      await cache.close();
    }
  });
});
