import { describe, expect, it } from "vitest";
import { mixHash } from "../../foundation/hash.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { WindowTuner } from "./window-tuner.ts";

const FIRST_WINDOW_RATIO = 0.05;

/** Shows the requests for the sampled ones of keys. @returns the window at the end */
function show(tuner: WindowTuner, count: number, keyAt: (index: number) => number): number {
  for (let index = 0; index < count; index += 1) {
    const hash = mixHash(keyAt(index) + 1) | 0;
    if (hash <= tuner.threshold) tuner.request(hash);
  }
  tuner.checkInvariants();
  return tuner.windowRatio;
}

/** There and back again over keys. */
const pendulum = (keyCount: number) => (index: number) => {
  const place = index % (2 * keyCount);
  return Math.min(place, 2 * keyCount - place);
};

describe.each([50, 500, 20_000])("WindowTuner for %i entries", (capacityCount) => {
  it("takes the smallest window for a loop that is too long", () => {
    const tuner = new WindowTuner(capacityCount);
    expect(show(tuner, 40 * capacityCount, (index) => index % (2 * capacityCount))).toBe(0.01);
  });

  it("takes LRU where what was read last is read first", () => {
    const tuner = new WindowTuner(capacityCount);
    expect(show(tuner, 60 * capacityCount, pendulum(Math.floor(1.6 * capacityCount)))).toBe(1);
  });

  it("takes a large window where keys are asked for twice, soon, and never again", () => {
    const tuner = new WindowTuner(capacityCount);
    const distance = Math.floor(0.7 * capacityCount);
    const key = (index: number): number => (index % 2 === 0 ? index : index - 1 - 2 * Math.floor(distance / 2));
    expect(show(tuner, 40 * capacityCount, key)).toBeGreaterThanOrEqual(0.9);
  });

  it("stays where it is when nothing is ever asked for twice", () => {
    const tuner = new WindowTuner(capacityCount);
    expect(show(tuner, 40 * capacityCount, (index) => index)).toBe(FIRST_WINDOW_RATIO);
  });
});

describe("WindowTuner", () => {
  it("samples all keys of a small cache and few of a large one", () => {
    const sampled = (capacityCount: number): number => (new WindowTuner(capacityCount).threshold + 2 ** 31) / 2 ** 32;
    expect(sampled(1)).toBeCloseTo(1);
    expect(sampled(128)).toBeCloseTo(1);
    expect(sampled(1_024)).toBeCloseTo(1 / 8);
    expect(sampled(2_048)).toBeCloseTo(1 / 16);
    expect(sampled(100_000)).toBeCloseTo(128 / 100_000);
  });

  it("follows a load that changes", () => {
    const tuner = new WindowTuner(1_000);
    const random = createSeededRandom(3);
    expect(show(tuner, 60_000, pendulum(1_600))).toBe(1);
    expect(show(tuner, 60_000, (index) => 10_000 + (index % 2_000))).toBeLessThanOrEqual(0.05);
    expect(show(tuner, 60_000, (index) => 20_000 + index - Math.floor(random.next() * 800))).toBeGreaterThan(0.05);
  });

  it("keeps what its miniatures know of the keys that stay in the sample when the capacity grows", () => {
    const grown = new WindowTuner(1_000);
    const loop = (index: number): number => index % 2_000;
    show(grown, 4_000, loop);
    grown.fit(4_000);
    grown.checkInvariants();
    // The loop fits now: nothing is left to choose.
    grown.restart();
    expect(show(grown, 40_000, loop)).toBe(FIRST_WINDOW_RATIO);
  });

  it("starts anew when it is told to", () => {
    const tuner = new WindowTuner(500);
    show(tuner, 30_000, (index) => index % 1_000);
    expect(tuner.windowRatio).toBe(0.01);
    tuner.restart();
    expect(tuner.windowRatio).toBe(FIRST_WINDOW_RATIO);
    show(tuner, 30_000, (index) => index % 1_000);
    tuner.clear();
    expect(tuner.windowRatio).toBe(FIRST_WINDOW_RATIO);
    tuner.checkInvariants();
  });
});
