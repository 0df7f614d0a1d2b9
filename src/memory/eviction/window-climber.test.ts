import { describe, expect, it } from "vitest";
import { WindowClimber } from "./window-climber.ts";

/** A sample of 100 requests with so many hits. */
function sample(climber: WindowClimber, hitCount: number): void {
  for (let request = 0; request < 100; request += 1) {
    if (request < hitCount) climber.hit();
    else climber.missed();
  }
  climber.checkInvariants();
}

describe("WindowClimber", () => {
  it("begins with one hundredth, and protects four fifths of the rest", () => {
    const climber = new WindowClimber(1_000, 100);
    expect([climber.windowTarget, climber.protectedTarget]).toEqual([10, 792]);
  });

  it("steps down first, goes on while hits rise, and turns back when they fall", () => {
    const climber = new WindowClimber(10_000, 100);
    sample(climber, 10);
    expect(climber.windowTarget).toBe(1);
    sample(climber, 5);
    expect(climber.windowTarget).toBeGreaterThan(500);
    const wider = climber.windowTarget;
    sample(climber, 6);
    expect(climber.windowTarget).toBeGreaterThan(wider);
    const widest = climber.windowTarget;
    sample(climber, 4);
    expect(climber.windowTarget).toBeLessThan(widest);
  });

  it("takes what the window wins from the protected segment, and leaves probation alone", () => {
    const climber = new WindowClimber(1_000, 100);
    const windows: number[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      // Falling once and then rising for long, the window goes up; then the same downwards.
      sample(climber, turn % 50 === 0 ? 20 : 30 + (turn % 50));
      windows.push(climber.windowTarget);
      expect(climber.windowTarget + climber.protectedTarget).toBe(802);
    }
    expect(Math.min(...windows)).toBe(1);
    expect(Math.max(...windows)).toBe(802);
  });

  it("takes shorter steps while the hit ratio is steady, and whole ones when the load is new", () => {
    const climber = new WindowClimber(100_000, 100);
    sample(climber, 50);
    sample(climber, 49);
    const windows: number[] = [climber.windowTarget];
    for (let turn = 0; turn < 5; turn += 1) {
      sample(climber, 49);
      windows.push(climber.windowTarget);
    }
    const steps = windows.slice(1).map((window, index) => window - (windows[index] as number));
    expect(steps.every((step, index) => index === 0 || step < (steps[index - 1] as number))).toBe(true);
    sample(climber, 80);
    const before = climber.windowTarget;
    sample(climber, 80);
    expect(climber.windowTarget - before).toBe(6_250);
  });

  it("keeps its share when the capacity changes after it climbed", () => {
    const climber = new WindowClimber(1_000, 100);
    sample(climber, 50);
    sample(climber, 40);
    const share = climber.windowTarget / 1_000;
    expect(share).toBeGreaterThan(0.05);
    for (let capacityCount = 2_000; capacityCount <= 1_024_000; capacityCount *= 2) climber.resize(capacityCount, 100);
    climber.checkInvariants();
    expect(climber.windowTarget / 1_024_000).toBeCloseTo(share, 2);
  });

  it("starts anew when it is cleared", () => {
    const climber = new WindowClimber(1_000, 100);
    sample(climber, 50);
    sample(climber, 40);
    climber.clear();
    expect(climber.windowTarget).toBe(10);
  });
});
