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
});
