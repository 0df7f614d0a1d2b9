import { describe, expect, it } from "vitest";
import { NO_SLOT } from "./eviction-policy.ts";
import { ReuseClock } from "./reuse-clock.ts";

/** A full clock of entries 0, 1, 2 ... whose hashes are their slots; nothing was read. */
function fullClock(count: number, windowRatio: number): ReuseClock {
  const clock = new ReuseClock(count, windowRatio);
  for (let slot = 0; slot < count; slot += 1) clock.inserted(slot, slot);
  hashesOf.set(clock, [...Array.from({ length: count }).keys()]);
  return clock;
}

/** Of the clocks, the hash in each slot. */
const hashesOf = new WeakMap<ReuseClock, number[]>();

/** Lets a newcomer take the victim's slot, as the store does. @returns the slot */
function replace(clock: ReuseClock, hash: number): number {
  const slot = clock.victim();
  const hashes = hashesOf.get(clock) as number[];
  clock.replaced(slot, hashes[slot] as number, hash);
  hashes[slot] = hash;
  return slot;
}

describe("ReuseClock", () => {
  it("lets newcomers that are not read pass through the window, and keeps the rest", () => {
    const clock = fullClock(10, 0.2);
    // 8 and 9 are in the window.
    expect([100, 101, 102, 103].map((hash) => replace(clock, hash))).toEqual([8, 9, 8, 9]);
    clock.checkInvariants();
  });

  it("lets an entry that was read in the window take the place of one that was idle for longer", () => {
    const clock = fullClock(10, 0.2);
    clock.touched(8);
    expect([100, 101].map((hash) => replace(clock, hash))).toEqual([0, 9]);
    // 8 is in the main ring now, behind 1 to 7.
    expect(clock.size).toBe(10);
    clock.checkInvariants();
  });

  it("does not let it in when the main ring was used just as lately", () => {
    const clock = fullClock(10, 0.2);
    for (let slot = 0; slot < 9; slot += 1) clock.touched(slot);
    // The hand goes around the main ring, and all there was read since it was there last.
    expect(replace(clock, 100)).toBe(8);
    // Now 0 was not read since, but it was seen in use just before.
    clock.touched(9);
    expect(replace(clock, 101)).toBe(9);
  });

  it("passes over an entry once for each read, up to three", () => {
    const clock = fullClock(4, 0.25);
    for (let read = 0; read < 9; read += 1) clock.touched(0);
    clock.touched(1);
    for (let read = 0; read < 2; read += 1) clock.touched(2);
    // Without its only entry the window is short, so that the main ring has to give way.
    clock.removed(3, 3);
    const left = [1, 2, 3].map(() => {
      const slot = clock.victim();
      clock.removed(slot, slot);
      return slot;
    });
    expect(left).toEqual([1, 2, 0]);
    clock.checkInvariants();
  });

  it("lets a key that comes back sooner than the coldest was idle into the main ring at once", () => {
    const clock = fullClock(10, 0.2);
    for (const hash of [100, 101, 102]) replace(clock, hash);
    // 8, and with it the hash 8, left three insertions ago; 0 was never read.
    const slot = replace(clock, 8);
    expect(slot).toBe(9);
    // The window is one short now, so the main ring gives its coldest, and not the key that came back.
    expect([clock.victim(), clock.victim()]).toEqual([0, 0]);
    clock.checkInvariants();
  });

  it("does not remember entries that were deleted", () => {
    const clock = fullClock(10, 0.2);
    clock.removed(8, 8);
    clock.inserted(8, 100);
    replace(clock, 8);
    // Had the hash 8 come back, it would be in the main ring, and the window short.
    expect(clock.victim()).toBe(8);
  });

  it("keeps the order of LRU when the window is all", () => {
    const clock = fullClock(5, 1);
    for (const slot of [0, 3, 1, 0]) clock.touched(slot);
    expect([100, 101, 102, 103, 104].map((hash) => replace(clock, hash))).toEqual([2, 4, 3, 1, 0]);
  });

  it("turns into LRU and back, a few entries at a time", () => {
    const clock = fullClock(50, 0.1);
    clock.setWindowRatio(1);
    for (let slot = 10; slot < 50; slot += 1) clock.touched(slot);
    const left = Array.from({ length: 10 }, (_, index) => replace(clock, 100 + index));
    expect(left.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    clock.checkInvariants();
    clock.setWindowRatio(0.1);
    for (let hash = 200; hash < 300; hash += 1) replace(clock, hash);
    expect(clock.size).toBe(50);
    clock.checkInvariants();
  });

  it("finds a victim in a few steps when everything was read", () => {
    const clock = fullClock(1_000, 0.01);
    for (let slot = 0; slot < 990; slot += 1) clock.touched(slot);
    for (let slot = 990; slot < 1_000; slot += 1) clock.removed(slot, slot);
    // The window is empty, so the main ring has to give one: after 16 steps the next is taken, although it was read.
    expect(clock.victim()).toBe(16);
    clock.checkInvariants();
  });

  it("has no victim while it is empty, and forgets all when it is cleared", () => {
    const clock = fullClock(10, 0.2);
    for (const hash of [100, 101, 102]) replace(clock, hash);
    clock.clear();
    expect([clock.victim(), clock.size]).toEqual([NO_SLOT, 0]);
    for (let slot = 0; slot < 10; slot += 1) clock.inserted(slot, 500 + slot);
    // The hash 8 left before: were it still known, it would be in the main ring, and the window short.
    expect([8, 100, 101].map((hash) => replace(clock, hash))).toEqual([8, 9, 8]);
    clock.checkInvariants();
  });
});
