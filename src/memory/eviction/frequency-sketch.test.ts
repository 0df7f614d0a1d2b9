import { describe, expect, it } from "vitest";
import { hashString } from "../../foundation/hash.ts";
import { FrequencySketch } from "./frequency-sketch.ts";

const hash = (index: number): number => hashString(`key ${index}`);

describe("FrequencySketch", () => {
  it("never estimates too low before it halves, and seldom too high", () => {
    const sketch = new FrequencySketch(1_000);
    let surplus = 0;
    for (let index = 0; index < 1_000; index += 1) {
      for (let time = 0; time < index % 5; time += 1) sketch.increment(hash(index));
    }
    for (let index = 0; index < 1_000; index += 1) {
      expect(sketch.frequency(hash(index))).toBeGreaterThanOrEqual(index % 5);
      surplus += sketch.frequency(hash(index)) - (index % 5);
    }
    expect(surplus / 1_000).toBeLessThan(0.1);
  });

  it("counts to 15 and no further", () => {
    const sketch = new FrequencySketch(100);
    for (let time = 0; time < 40; time += 1) sketch.increment(hash(1));
    expect(sketch.frequency(hash(1))).toBe(15);
    sketch.checkInvariants();
  });

  it("halves what it knows after ten additions per entry of capacity", () => {
    const sketch = new FrequencySketch(64);
    for (let time = 0; time < 12; time += 1) sketch.increment(hash(1));
    for (let index = 2; index < 2 + 640 - 12 - 1; index += 1) sketch.increment(hash(index));
    const before = sketch.frequency(hash(1));
    sketch.increment(hash(5_000));
    expect(sketch.frequency(hash(1))).toBe(before >> 1);
  });

  it("keeps its counts when it grows, and does not forget all when its capacity drifts down", () => {
    const sketch = new FrequencySketch(64);
    for (let time = 0; time < 9; time += 1) sketch.increment(hash(1));
    sketch.ensureCapacity(10_000);
    expect(sketch.frequency(hash(1))).toBeGreaterThanOrEqual(9);
    sketch.ensureCapacity(1);
    sketch.checkInvariants();
    expect(sketch.frequency(hash(1))).toBeGreaterThanOrEqual(9);
    sketch.clear();
    expect(sketch.frequency(hash(1))).toBe(0);
  });

  it("loses no count while it grows step by step", () => {
    const sketch = new FrequencySketch(16);
    const keyCount = 4_000;
    for (let key = 0; key < keyCount; key += 1) {
      if (key % 16 === 0) sketch.ensureCapacity(2 * key + 16);
      for (let time = 0; time < 3; time += 1) sketch.increment(hash(key));
      if (key % 100 === 0) sketch.checkInvariants();
    }
    let surplus = 0;
    for (let key = 0; key < keyCount; key += 1) {
      expect(sketch.frequency(hash(key))).toBeGreaterThanOrEqual(3);
      surplus += sketch.frequency(hash(key)) - 3;
    }
    // Blocks inherit what they do not need; a table that stayed small would be near the limit of 15.
    expect(surplus / keyCount).toBeLessThan(0.5);
  });

  it("keeps its books when the capacity shrinks while it halves and the next sights are of a hash at its limit", () => {
    const sketch = new FrequencySketch(4_096);
    for (let key = 0; key < 4_096; key += 1) for (let time = 0; time < 10; time += 1) sketch.increment(hash(key));
    // The halving has begun; more is left of it than the whole sample of the new capacity.
    sketch.ensureCapacity(8);
    let wasAtLimit = false;
    for (let time = 0; time < 1_000; time += 1) {
      sketch.increment(hash(1));
      sketch.checkInvariants();
      wasAtLimit ||= sketch.frequency(hash(1)) === 15;
    }
    expect(wasAtLimit).toBe(true);
  });

  it("halves all counts once when a halving begins in the middle of its growth", () => {
    const sketch = new FrequencySketch(4_096);
    for (let key = 0; key < 4_000; key += 1) for (let time = 0; time < 8; time += 1) sketch.increment(hash(key));
    for (let filler = 0; filler < 40_760 - 32_000; filler += 1) sketch.increment(hash(100_000 + filler));
    // It grows by two blocks with each addition, and the halving begins 200 additions later, when blocks are still to be split.
    sketch.ensureCapacity(40_000);
    sketch.ensureCapacity(4_096);
    for (let filler = 0; filler < 5_000; filler += 1) sketch.increment(hash(200_000 + filler));
    sketch.checkInvariants();
    let unhalvedCount = 0;
    for (let key = 0; key < 4_000; key += 1) {
      expect(sketch.frequency(hash(key))).toBeGreaterThanOrEqual(4);
      if (sketch.frequency(hash(key)) >= 8) unhalvedCount += 1;
    }
    expect(unhalvedCount).toBeLessThan(40);
  });
});
