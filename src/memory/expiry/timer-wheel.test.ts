import { describe, expect, it } from "vitest";
import { Float64Pages } from "../slot-pages.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { WheelPosition } from "./wheel-position.ts";

const START_MS = 5_000;
const YEAR_MS = 365 * 86_400_000;

interface Subject {
  readonly wheel: TimerWheel;
  /** Slots handed out, in order. */
  readonly due: number[];
  schedule(slot: number, dueAtMs: number): void;
  /** Until the wheel says that all is done. */
  advance(nowMs: number, budgetCount?: number): number;
}

function createSubject(startMs: number = START_MS): Subject {
  const pages = new Float64Pages();
  const wheel = new TimerWheel(pages, startMs);
  const due: number[] = [];
  return {
    wheel,
    due,
    schedule(slot, dueAtMs) {
      pages.ensure(slot);
      wheel.schedule(slot, dueAtMs);
    },
    advance(nowMs, budgetCount = 256) {
      let callCount = 1;
      while (!wheel.advance(nowMs, budgetCount, (slot) => due.push(slot))) callCount += 1;
      wheel.checkInvariants();
      return callCount;
    },
  };
}

describe("TimerWheel", () => {
  it("hands out a slot at its instant and not before, for TTLs from 1 ms to 10,000 years", () => {
    for (const ttlMs of [
      1,
      2,
      63,
      64,
      65,
      4_095,
      4_096,
      86_400_000,
      2 ** 30 - 1,
      2 ** 30,
      10 * YEAR_MS,
      10_000 * YEAR_MS,
    ]) {
      const subject = createSubject();
      subject.schedule(0, START_MS + ttlMs);
      subject.advance(START_MS + ttlMs - 1);
      expect(subject.due, `TTL ${ttlMs}`).toEqual([]);
      subject.advance(START_MS + ttlMs);
      expect(subject.due, `TTL ${ttlMs}`).toEqual([0]);
      expect(subject.wheel.size).toBe(0);
    }
  });

  it("takes instants and starts that are no whole ms, at most 1 ms late", () => {
    const subject = createSubject(1_234.567);
    subject.schedule(3, 1_240.1);
    subject.advance(1_240.09);
    expect(subject.due).toEqual([]);
    subject.advance(1_241);
    expect(subject.due).toEqual([3]);
  });

  it("does not spin on a slot whose instant is a rounding error away", () => {
    // So far from the start, a billionth of a ms is lost: the slot belongs to a tick that has come, but is not due.
    const subject = createSubject(-(2 ** 40));
    subject.schedule(0, 1e-9);
    expect(subject.wheel.advance(0, 64, (slot) => subject.due.push(slot))).toBe(true);
    expect(subject.due).toEqual([]);
    subject.advance(1);
    expect(subject.due).toEqual([0]);
  });

  it("lets nothing wait that never ends", () => {
    const subject = createSubject();
    subject.schedule(0, Number.POSITIVE_INFINITY);
    expect(subject.wheel.size).toBe(0);
    expect(subject.wheel.nextDueAt()).toBe(Number.POSITIVE_INFINITY);
    subject.schedule(0, START_MS + 5);
    subject.schedule(0, Number.POSITIVE_INFINITY);
    subject.advance(START_MS + 10);
    expect(subject.due).toEqual([]);
  });

  it("keeps an instant beyond every clock as long as it takes", () => {
    const subject = createSubject();
    subject.schedule(0, Number.MAX_VALUE);
    subject.advance(START_MS + 10_000 * YEAR_MS);
    expect(subject.wheel.size).toBe(1);
    subject.wheel.cancel(0);
    expect(subject.wheel.size).toBe(0);
  });

  it("hands out an instant that has passed at the next advance", () => {
    const subject = createSubject();
    subject.advance(START_MS + 1_000);
    subject.schedule(0, START_MS + 10);
    expect(subject.wheel.nextDueAt()).toBeLessThanOrEqual(START_MS + 1_000);
    subject.advance(START_MS + 1_000);
    expect(subject.due).toEqual([0]);
  });

  it("moves a slot to an earlier and to a later instant", () => {
    const subject = createSubject();
    subject.schedule(0, START_MS + 100);
    subject.schedule(1, START_MS + 100_000);
    subject.schedule(0, START_MS + 50_000);
    subject.schedule(1, START_MS + 200);
    subject.advance(START_MS + 200);
    expect(subject.due).toEqual([1]);
    subject.advance(START_MS + 49_999);
    expect(subject.due).toEqual([1]);
    subject.advance(START_MS + 50_000);
    expect(subject.due).toEqual([1, 0]);
  });

  it("cancels at the front, in the middle and at the end of a bucket, and twice", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 5; slot += 1) subject.schedule(slot, START_MS + 70);
    for (const slot of [4, 2, 0, 2]) {
      subject.wheel.cancel(slot);
      subject.wheel.checkInvariants();
    }
    expect(subject.wheel.size).toBe(2);
    subject.advance(START_MS + 70);
    expect(subject.due.sort()).toEqual([1, 3]);
  });

  it("hands out and moves no more than its budget at a time", () => {
    const subject = createSubject();
    const count = 10_000;
    for (let slot = 0; slot < count; slot += 1) subject.schedule(slot, START_MS + 5_000 + (slot % 2));
    let callCount = 0;
    let isDone = false;
    for (; !isDone; callCount += 1) {
      const before = subject.due.length;
      isDone = subject.wheel.advance(START_MS + 5_000, 100, (slot) => subject.due.push(slot));
      expect(subject.due.length - before).toBeLessThanOrEqual(100);
      if (callCount % 20 === 0) subject.wheel.checkInvariants();
    }
    // Half were handed out, the other half moved at least once.
    expect(subject.due).toHaveLength(count / 2);
    expect(callCount).toBeGreaterThanOrEqual(count / 100);
    subject.advance(START_MS + 5_001);
    expect(new Set(subject.due).size).toBe(count);
  });

  it("takes, cancels and moves slots between the slices of a bucket", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 100; slot += 1) subject.schedule(slot, START_MS + 9_000);
    const onDue = (slot: number): void => void subject.due.push(slot);
    expect(subject.wheel.advance(START_MS + 9_000, 10, onDue)).toBe(false);
    subject.schedule(100, START_MS + 8_999);
    subject.schedule(101, START_MS + 9_001);
    const waiting = Array.from({ length: 100 }, (_, slot) => slot).filter((slot) => !subject.due.includes(slot));
    subject.wheel.cancel(waiting[0] as number);
    subject.schedule(waiting[1] as number, START_MS + 20_000);
    subject.wheel.checkInvariants();
    subject.advance(START_MS + 9_000);
    expect(subject.due).toHaveLength(99);
    expect(subject.due).toContain(100);
    subject.advance(START_MS + 20_000);
    expect(subject.due.slice(99).sort()).toEqual([101, waiting[1]].sort());
  });

  it("takes a jump of years in a few steps", () => {
    const subject = createSubject();
    subject.schedule(0, START_MS + 10 * YEAR_MS);
    let stepCount = 0;
    while (!subject.wheel.advance(START_MS + 20 * YEAR_MS, 1, (slot) => subject.due.push(slot))) stepCount += 1;
    expect(stepCount).toBeLessThanOrEqual(9);
    expect(subject.due).toEqual([0]);
  });

  it("does not follow a clock that goes back", () => {
    const subject = createSubject();
    subject.schedule(0, START_MS + 100);
    subject.advance(START_MS + 50);
    subject.advance(0);
    subject.schedule(1, START_MS + 60);
    subject.advance(START_MS + 60);
    expect(subject.due).toEqual([1]);
    subject.advance(START_MS + 100);
    expect(subject.due).toEqual([1, 0]);
    subject.schedule(2, START_MS + 100);
    expect(subject.wheel.advance(0, 8, (slot) => subject.due.push(slot))).toBe(true);
    expect(subject.due).toEqual([1, 0, 2]);
  });

  it("keeps its position when told of a tick that has passed", () => {
    const position = new WheelPosition();
    position.moveTo(70_000);
    position.moveTo(3);
    expect(position.tick).toBe(70_000);
    expect(position.startTick(position.bucketOf(70_001))).toBe(70_001);
  });

  it("names instants that lead to every slot in time, a few for each", () => {
    for (const ttlMs of [1, 50, 3_600_000, 10 * YEAR_MS]) {
      const subject = createSubject();
      subject.schedule(0, START_MS + ttlMs + 0.5);
      let wakeUpCount = 0;
      let nowMs = START_MS;
      while (subject.due.length === 0) {
        const nextMs = subject.wheel.nextDueAt();
        expect(nextMs).toBeGreaterThan(nowMs);
        nowMs = nextMs;
        subject.advance(nowMs);
        wakeUpCount += 1;
      }
      expect(nowMs).toBe(START_MS + ttlMs + 1);
      expect(wakeUpCount).toBeLessThanOrEqual(9);
    }
  });

  it("lets a handler schedule, cancel and clear", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 10; slot += 1) subject.schedule(slot, START_MS + 1_000);
    const seen: number[] = [];
    subject.wheel.advance(START_MS + 1_000, 100, (slot) => {
      seen.push(slot);
      expect(subject.wheel.isScheduled(slot)).toBe(false);
      if (seen.length === 1) subject.wheel.cancel(slot === 5 ? 6 : 5);
      if (seen.length === 2) subject.schedule(slot, START_MS + 1_500);
      if (seen.length === 4) subject.wheel.clear();
      subject.wheel.checkInvariants();
    });
    expect(seen).toHaveLength(4);
    expect(subject.wheel.size).toBe(0);
    subject.schedule(2, START_MS + 2_000);
    subject.advance(START_MS + 2_000);
    expect(subject.due).toEqual([2]);
  });

  it("is in order after a handler that throws, and goes on with the next slot", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 3; slot += 1) subject.schedule(slot, START_MS + 10);
    const fail = (): void => {
      throw new Error("handler");
    };
    expect(() => subject.wheel.advance(START_MS + 10, 5, fail)).toThrow("handler");
    subject.wheel.checkInvariants();
    subject.advance(START_MS + 10);
    expect(subject.due).toHaveLength(2);
  });

  it("allocates pages for the slots with an instant only, and gives them back", () => {
    const subject = createSubject();
    const farSlot = 70 * 65_536;
    const before = process.memoryUsage().arrayBuffers;
    subject.schedule(farSlot, START_MS + 10);
    const grownBytes = process.memoryUsage().arrayBuffers - before;
    // Two pages of links and one of instants.
    expect(grownBytes).toBeLessThan(2_000_000);
    subject.wheel.clear();
    expect(subject.wheel.size).toBe(0);
    expect(subject.wheel.nextDueAt()).toBe(Number.POSITIVE_INFINITY);
    subject.advance(START_MS + 100);
    expect(subject.due).toEqual([]);
  });
});
