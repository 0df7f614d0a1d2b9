import { describe, expect, it } from "vitest";
import { type MiddlePut, MiddleWrites } from "./middle-writes.ts";

const put = (byteCount: number): MiddlePut => ({ bytes: new Uint8Array(byteCount), ttlMs: 1 });

/** Writes whose batches wait until they are let through. */
function setUp(maxCount = 1_000, maxBytes = 1_000_000) {
  const batches: ReadonlyMap<string, MiddlePut | undefined>[] = [];
  const waiting: (() => void)[] = [];
  const writes = new MiddleWrites({
    maxCount,
    maxBytes,
    send: (batch) => {
      batches.push(batch);
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  });
  return { writes, batches, release: () => waiting.shift()?.() };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("writes in the background", () => {
  it("leave together at the end of the step, one batch at a time, of each key the last one", async () => {
    const { writes, batches, release } = setUp();
    writes.add("a", put(1));
    writes.add("b", put(2));
    writes.add("a", undefined);
    await settle();
    expect(batches.map((batch) => [...batch])).toEqual([
      [
        ["a", undefined],
        ["b", put(2)],
      ],
    ]);
    writes.add("a", put(3));
    await settle();
    expect(batches).toHaveLength(1);
    release();
    await settle();
    expect([...(batches[1] ?? [])]).toEqual([["a", put(3)]]);
  });

  it("leave out what finds no room, by count and by bytes, and take others again when there is some", async () => {
    const { writes, batches, release } = setUp(2, 100);
    writes.add("a", put(60));
    writes.add("b", put(60));
    writes.add("a", put(90));
    writes.add("c", undefined);
    writes.add("d", undefined);
    expect([writes.count, writes.omittedCount]).toEqual([2, 2]);
    await settle();
    release();
    writes.add("b", put(100));
    await settle();
    expect(batches.map((batch) => [...batch.keys()])).toEqual([["a", "c"], ["b"]]);
  });

  it("of many keys leave in several batches", async () => {
    const { writes, batches, release } = setUp();
    for (let index = 0; index < 300; index += 1) writes.add(`${index}`, put(1));
    for (let round = 0; round < 3; round += 1) {
      await settle();
      release();
    }
    expect(batches.map(({ size }) => size)).toEqual([128, 128, 44]);
  });

  it("are all sent when it is drained, which takes no more", async () => {
    const { writes, batches, release } = setUp();
    writes.add("a", put(1));
    await settle();
    writes.add("b", put(1));
    const drained = writes.drain();
    writes.add("c", put(1));
    release();
    await settle();
    release();
    await drained;
    expect(batches.map((batch) => [...batch.keys()])).toEqual([["a"], ["b"]]);
  });

  it("are not sent once it is stopped", async () => {
    const { writes, batches, release } = setUp();
    writes.add("a", put(1));
    await settle();
    writes.add("b", put(1));
    writes.stop();
    release();
    await settle();
    expect([batches.length, writes.count]).toEqual([1, 0]);
  });
});
