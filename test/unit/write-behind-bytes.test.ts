import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { EntryTooLargeError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime } from "../../src/testing/fake-clock.ts";
import { DELETION, type PendingChange } from "../../src/tiers/pending-write.ts";
import { type WriteFate, WriteQueue } from "../../src/tiers/write-queue.ts";
import { openBehind } from "../support/near/open-behind.ts";

const TEXT = "x".repeat(1_000);

describe("the bound of what waits to be written, in bytes", () => {
  it.each(["values", "bytes"] as const)(
    "lets what finds no room go through, awaited, over a store of %s",
    async (storage) => {
      const test = await openBehind({ storage, maxPendingSize: 10_000 });
      const { cache, store, time } = test;
      const hold = store.hold("setMulti", { calls: 1 });
      const versions: number[] = [];
      for (let index = 0; index < 12; index += 1) versions.push((await cache.set(`key:${index}`, TEXT)).version);
      const queuedCount = versions.filter((version) => version === 0).length;
      expect(queuedCount).toBeGreaterThan(2);
      expect(queuedCount).toBeLessThan(11);
      // What is small has room still, and what is larger than all has none.
      expect((await cache.set("small", 1)).version).toBe(0);
      expect((await cache.set("large", TEXT.repeat(20))).version).toBeGreaterThan(0);
      await time.advanceAsync(0);
      hold.release();
      await time.advanceAsync(10);
      await time.advanceAsync(10);
      expect((await cache.set("later", TEXT)).version).toBe(0);
      await time.advanceAsync(10);
      expect(cache.stats().pendingWrites).toBe(0);
    },
  );

  it("counts a later value of a key in the place of the one that waits", async () => {
    const { cache, store } = await openBehind({ maxPendingSize: 10_000 });
    store.hold("setMulti", { calls: 1 });
    for (let round = 0; round < 50; round += 1) expect((await cache.set("k", TEXT)).version).toBe(0);
  });

  it("is given back whatever becomes of a write", async () => {
    const time = createFakeTime();
    const fates: WriteFate["kind"][] = ["failed", "refused", "arrived"];
    const queue = new WriteQueue({
      ...{ ...time, random: createSeededRandom(1), maxCount: 100, maxBytes: 100_000, onRefused: () => undefined },
      send: async (batch) =>
        batch.map((_, index) => {
          const kind = fates[index % 3] as WriteFate["kind"];
          return kind === "arrived" ? { kind } : { kind, error: new EntryTooLargeError(2, 1) };
        }),
    });
    const change = (sizeBytes: number): PendingChange => ({
      ...DELETION,
      write: { value: TEXT, ttlMs: 1_000, tags: [] },
      sizeBytes,
    });
    for (let index = 0; index < 30; index += 1) {
      queue.tryAdd(`key:${index}`, change(500));
      queue.tryAdd(`key:${index}`, change(100 + index));
    }
    expect(queue.sizeBytes).toBeGreaterThan(3_000);
    for (let turn = 0; turn < 200 && queue.count > 1; turn += 1) await time.advanceAsync(2_000);
    fates.fill("arrived");
    for (let turn = 0; turn < 5; turn += 1) await time.advanceAsync(2_000);
    expect([queue.count, queue.sizeBytes]).toEqual([0, 0]);
    queue.tryAdd("left", change(100));
    fates.fill("failed");
    const left = queue.drain(100);
    await time.advanceAsync(5_000);
    expect((await left).length).toBe(1);
    await time.advanceAsync(5_000);
    expect(queue.sizeBytes).toBe(0);
  });

  it("is 64 MB unless set, has a name in snake_case, may be none, and means nothing where writes are not behind", () => {
    const behind = { backend: "redis", write: "behind" } as const;
    const boundOf = (more: object): unknown =>
      resolveConfig({ tiers: [{ backend: "memory" }, { ...behind, ...more }] }).tiers[1]?.write;
    expect(boundOf({})).toMatchObject({ maxPendingBytes: 64 * 1_048_576, maxPendingCount: 10_000 });
    expect(boundOf({ maxPendingSize: "2MB" })).toMatchObject({ maxPendingBytes: 2 * 1_048_576 });
    expect(boundOf({ max_pending_size: 5_000 })).toMatchObject({ maxPendingBytes: 5_000 });
    expect(boundOf({ maxPendingSize: false })).toMatchObject({ maxPendingBytes: Number.POSITIVE_INFINITY });
    expect(() =>
      resolveConfig({ tiers: [{ backend: "memory" }, { backend: "redis", maxPendingSize: "1MB" }] }),
    ).toThrow(/maxPendingSize has no effect without tiers\[1\]\.write "behind"/);
  });
});
