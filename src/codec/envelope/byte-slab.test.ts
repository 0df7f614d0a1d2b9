import { describe, expect, it } from "vitest";
import { ByteSlab } from "./byte-slab.ts";

describe("pieces of a slab", () => {
  it("never overlap, whatever their sizes and what is given back of them", () => {
    const slab = new ByteSlab();
    const pieces: { buffer: ArrayBufferLike; from: number; to: number }[] = [];
    for (let index = 0; index < 3_000; index += 1) {
      const size = 8 + ((index * 7_919) % (index % 50 === 0 ? 20_000 : 300));
      const from = slab.take(size);
      expect(from + size).toBeLessThanOrEqual(slab.buffer.length);
      expect(slab.view.buffer).toBe(slab.buffer.buffer);
      const used = index % 3 === 0 ? Math.floor(size / 2) : size;
      if (used < size) slab.giveBack(from + used);
      pieces.push({ buffer: slab.buffer.buffer, from, to: from + used });
    }
    const byBuffer = new Map<ArrayBufferLike, typeof pieces>();
    for (const piece of pieces) byBuffer.set(piece.buffer, [...(byBuffer.get(piece.buffer) ?? []), piece]);
    for (const inOne of byBuffer.values()) {
      const sorted = inOne.toSorted((one, other) => one.from - other.from || one.to - other.to);
      for (const [index, { from }] of sorted.entries()) {
        if (index > 0) expect(from).toBeGreaterThanOrEqual(sorted[index - 1]?.to ?? 0);
      }
    }
    expect(byBuffer.size).toBeGreaterThan(2);
  });

  it("that are large lie in memory of their own, so that none is left mostly empty", () => {
    const slab = new ByteSlab();
    slab.take(100);
    const shared = slab.buffer;
    expect(slab.take(16_385)).toBe(0);
    expect(slab.buffer).not.toBe(shared);
    expect(slab.buffer.length).toBe(16_385);
    slab.giveBack(10);
    slab.take(16_384);
    expect(slab.buffer).toBe(shared);
  });
});
