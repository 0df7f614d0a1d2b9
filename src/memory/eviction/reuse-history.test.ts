import { describe, expect, it, vi } from "vitest";
import { hashString } from "../../foundation/hash.ts";
import { ReuseHistory } from "./reuse-history.ts";

const hash = (index: number): number => hashString(`key ${index}`) | 0;

function knownCount(history: ReuseHistory, from: number, to: number): number {
  let known = 0;
  for (let index = from; index < to; index += 1) if (history.take(hash(index), 0) >= 0) known += 1;
  return known;
}

describe("ReuseHistory", () => {
  it("tells once how long ago a key was used", () => {
    const history = new ReuseHistory(100);
    history.put(hash(1), 40);
    expect(history.take(hash(2), 50)).toBe(-1);
    expect(history.take(hash(1), 50)).toBe(10);
    expect(history.take(hash(1), 50)).toBe(-1);
  });

  it("counts time beyond 16 bits", () => {
    const history = new ReuseHistory(100);
    history.put(hash(1), 65_530);
    expect(history.take(hash(1), 65_540)).toBe(10);
    history.put(hash(1), 1_000_000);
    expect(history.take(hash(1), 1_000_500)).toBe(500);
  });

  it("remembers about twice as many keys as there are entries, the latest ones", () => {
    const history = new ReuseHistory(1_024);
    for (let index = 0; index < 20_000; index += 1) history.put(hash(index), index);
    history.checkInvariants();
    expect(knownCount(history, 19_000, 20_000)).toBeGreaterThan(920);
    expect(knownCount(history, 0, 12_000)).toBeLessThan(10);
  });

  it("forgets the one that came first when a set is full, not a newer one", () => {
    const history = new ReuseHistory(1);
    for (let index = 0; index < 5; index += 1) history.put(hash(index), index);
    expect(history.take(hash(0), 5)).toBe(-1);
    expect([1, 2, 3, 4].map((index) => history.take(hash(index), 5))).toEqual([4, 3, 2, 1]);
  });

  it("keeps part of what it knows when it grows, and works when it shrinks", () => {
    const history = new ReuseHistory(64);
    for (let index = 0; index < 100; index += 1) history.put(hash(index), 0);
    history.fit(100_000);
    expect(knownCount(history, 0, 100)).toBeGreaterThanOrEqual(0);
    for (let index = 0; index < 100_000; index += 1) history.put(hash(index), 0);
    history.checkInvariants();
    expect(knownCount(history, 50_000, 51_000)).toBeGreaterThan(900);
    history.fit(10);
    history.put(hash(1), 3);
    history.checkInvariants();
    expect(history.take(hash(1), 5)).toBe(2);
  });

  it("remembers over several pages, and forgets where the platform has no room", () => {
    const history = new ReuseHistory(1_000_000);
    for (let index = 0; index < 2_000; index += 1) history.put(hash(index), index);
    history.checkInvariants();
    expect(knownCount(history, 0, 2_000)).toBeGreaterThan(1_990);
    history.fit(4_000_000);
    vi.stubGlobal("Int32Array", function refuse() {
      throw new RangeError("Array buffer allocation failed");
    });
    try {
      for (let index = 2_000; index < 4_000; index += 1) history.put(hash(index), index);
      history.fit(100);
      history.put(hash(1), 1);
    } finally {
      vi.unstubAllGlobals();
    }
    history.checkInvariants();
    expect(history.take(hash(1), 1)).toBe(-1);
    history.put(hash(1), 1);
    expect(history.take(hash(1), 1)).toBe(0);
  });

  it("forgets everything when it is cleared", () => {
    const history = new ReuseHistory(100_000);
    for (let index = 0; index < 1_000; index += 1) history.put(hash(index), 0);
    history.clear();
    expect(knownCount(history, 0, 1_000)).toBe(0);
    history.put(hash(1), 3);
    expect(history.take(hash(1), 5)).toBe(2);
  });
});
