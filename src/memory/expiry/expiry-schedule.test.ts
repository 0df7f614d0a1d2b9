import { describe, expect, it } from "vitest";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { createFakeTime, type FakeTime } from "../../testing/fake-clock.ts";
import { Float64Pages } from "../slot-pages.ts";
import { ExpirySchedule } from "./expiry-schedule.ts";
import { StoreTime } from "./store-time.ts";

interface Subject {
  readonly fake: FakeTime;
  readonly time: StoreTime;
  readonly schedule: ExpirySchedule;
  /** Lateness of each removal in ms, by slot. */
  readonly lateness: Map<number, number>;
  /** The most removals in one slice. */
  largestSliceCount(): number;
  /** How often a timer was set. */
  timerCount(): number;
  /** How often a timer fired. */
  wakeUpCount(): number;
  set(slot: number, ttlMs: number): void;
}

interface SubjectOptions {
  readonly cleanupIntervalMs?: number;
  readonly onRemove?: (slot: number, subject: Subject) => void;
  readonly sinceBootMs?: () => number;
}

function createSubject(options: SubjectOptions = {}): Subject {
  const fake = createFakeTime();
  let timerCount = 0;
  let wakeUpCount = 0;
  const scheduler: Scheduler = {
    soon: fake.scheduler.soon,
    after(delayMs, task, keepAlive = false) {
      expect(keepAlive).toBe(false);
      timerCount += 1;
      return fake.scheduler.after(delayMs, () => {
        wakeUpCount += 1;
        task();
      });
    },
  };
  const time = new StoreTime({ ...fake.clock, sinceBootMs: options.sinceBootMs });
  const deadlines = new Float64Pages();
  const lateness = new Map<number, number>();
  let sliceCount = 0;
  let largestSliceCount = 0;
  let highWater = 0;
  const target = {
    removeExpired(slot: number): boolean {
      sliceCount += 1;
      lateness.set(slot, time.read() - deadlines.get(slot));
      schedule.cancel(slot);
      options.onRemove?.(slot, subject);
      return true;
    },
    sliceEnded(): void {
      largestSliceCount = Math.max(largestSliceCount, sliceCount);
      sliceCount = 0;
      schedule.checkInvariants();
    },
  };
  const schedule = new ExpirySchedule({
    target,
    dueTimes: deadlines,
    time,
    scheduler,
    cleanupIntervalMs: options.cleanupIntervalMs ?? 60_000,
  });
  const subject: Subject = {
    fake,
    time,
    schedule,
    lateness,
    largestSliceCount: () => largestSliceCount,
    timerCount: () => timerCount,
    wakeUpCount: () => wakeUpCount,
    set(slot, ttlMs) {
      for (; highWater <= slot; highWater += 1) {
        deadlines.ensure(highWater);
        deadlines.set(highWater, Number.POSITIVE_INFINITY);
      }
      schedule.set(slot, time.read() + ttlMs);
    },
  };
  return subject;
}

describe("ExpirySchedule", () => {
  it("sets no timer for entries without an end", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 10; slot += 1) subject.set(slot, Number.POSITIVE_INFINITY);
    subject.schedule.cancel(3);
    expect(subject.timerCount()).toBe(0);
    expect(subject.schedule.size).toBe(0);
  });

  it("removes a lone entry at its end, for 1 ms, an hour and ten years", () => {
    for (const ttlMs of [1, 3_600_000, 10 * 365 * 86_400_000]) {
      const subject = createSubject();
      subject.set(0, ttlMs);
      subject.fake.advance(ttlMs - 1);
      expect(subject.lateness.size).toBe(0);
      subject.fake.advance(101);
      expect(subject.lateness.get(0)).toBeLessThanOrEqual(100);
      expect(subject.fake.pendingCount()).toBe(0);
      expect(subject.wakeUpCount()).toBeLessThanOrEqual(9);
    }
  });

  it("removes within the cleanup interval, and within 100 ms whatever the interval", () => {
    for (const cleanupIntervalMs of [0, 1, 10, 50, 100, 60_000]) {
      const subject = createSubject({ cleanupIntervalMs });
      for (let slot = 0; slot < 2_000; slot += 1) {
        subject.set(slot, 1 + ((slot * 7_919) % 3_000));
        if (slot % 10 === 0) subject.fake.advance(1);
      }
      subject.fake.advance(5_000);
      expect(subject.lateness.size).toBe(2_000);
      const boundMs = Math.max(1, Math.min(cleanupIntervalMs, 100));
      expect(Math.max(...subject.lateness.values())).toBeLessThanOrEqual(boundMs + 1);
      expect(Math.min(...subject.lateness.values())).toBeGreaterThanOrEqual(0);
    }
  });

  it("wakes up ten times a second at most while entries expire every ms", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 10_000; slot += 1) subject.set(slot, slot + 1);
    subject.fake.advance(10_200);
    expect(subject.lateness.size).toBe(10_000);
    expect(subject.wakeUpCount()).toBeLessThanOrEqual(103);
  });

  it("sets no timer per write: not for equal TTLs, not for rewrites, and seldom for ever shorter ones", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 1_000; slot += 1) subject.set(slot, 60_000);
    for (let round = 0; round < 100; round += 1) subject.set(7, 60_000 + round);
    expect(subject.timerCount()).toBeLessThanOrEqual(2);
    for (let slot = 0; slot < 30_000; slot += 1) subject.set(1_000 + slot, 60_000 - slot);
    expect(subject.timerCount()).toBeLessThanOrEqual(15);
    subject.fake.advance(70_000);
    expect(Math.max(...subject.lateness.values())).toBeLessThanOrEqual(101);
    expect(subject.lateness.size).toBe(31_000);
  });

  it("leaves the timer as it is for an end that it serves within a batch", () => {
    const subject = createSubject();
    subject.set(0, 1_000);
    subject.set(1, 990);
    subject.set(2, 901);
    expect(subject.timerCount()).toBe(1);
    subject.fake.advance(1_000);
    expect(subject.lateness.size).toBe(3);
    expect(Math.max(...subject.lateness.values())).toBeLessThanOrEqual(100);
  });

  it("never has more than one timer, and none when the last entry with an end is gone", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 50; slot += 1) {
      subject.set(slot, 5_000 - slot * 90);
      expect(subject.fake.pendingCount()).toBe(1);
    }
    for (let slot = 0; slot < 25; slot += 1) subject.schedule.cancel(slot);
    for (let slot = 25; slot < 50; slot += 1) subject.set(slot, Number.POSITIVE_INFINITY);
    expect(subject.schedule.isArmed).toBe(false);
    expect(subject.fake.pendingCount()).toBe(0);
    subject.schedule.checkInvariants();
  });

  it("removes many entries of one instant in slices, between which other tasks run", () => {
    const count = 100_000;
    let otherTurnCount = 0;
    const other = (): void => {
      otherTurnCount += 1;
      if (subject.lateness.size < count) subject.fake.scheduler.soon(other);
    };
    const subject = createSubject({
      onRemove: (_slot, { fake, lateness }) => {
        if (lateness.size === 1) fake.scheduler.soon(other);
      },
    });
    for (let slot = 0; slot < count; slot += 1) subject.set(slot, 1_000);
    subject.fake.advance(1_500);
    expect(subject.lateness.size).toBe(count);
    expect(subject.largestSliceCount()).toBeLessThanOrEqual(1_024);
    expect(otherTurnCount).toBeGreaterThan(count / 1_024 - 5);
    expect(subject.fake.pendingCount()).toBe(0);
  });

  it("ends a slice after half a ms when removals are slow", () => {
    const fake = createFakeTime();
    let monotonicMs = 1_000;
    const time = new StoreTime({ monotonicMs: () => monotonicMs, wallMs: () => Math.floor(monotonicMs) });
    const deadlines = new Float64Pages();
    let sliceCount = 0;
    let largestCount = 0;
    let removedCount = 0;
    const slow = new ExpirySchedule({
      target: {
        removeExpired: () => {
          // Each takes 5 µs.
          monotonicMs += 0.005;
          sliceCount += 1;
          removedCount += 1;
          return true;
        },
        sliceEnded: () => {
          largestCount = Math.max(largestCount, sliceCount);
          sliceCount = 0;
        },
      },
      dueTimes: deadlines,
      time,
      scheduler: fake.scheduler,
      cleanupIntervalMs: 100,
    });
    for (let slot = 0; slot < 5_000; slot += 1) {
      deadlines.ensure(slot);
      slow.set(slot, monotonicMs + 10);
    }
    monotonicMs += 10;
    fake.advance(10);
    expect(removedCount).toBe(5_000);
    expect(largestCount).toBeLessThanOrEqual(192);
    slow.stop();
  });

  it("takes new entries while it drains, and removes them in their turn", () => {
    let extraCount = 0;
    const subject = createSubject({
      onRemove: (slot, { set, schedule }) => {
        if (slot >= 3_000 || extraCount >= 500) return;
        extraCount += 1;
        set(3_000 + extraCount, extraCount % 3 === 0 ? 1 : 250);
        schedule.checkInvariants();
      },
    });
    for (let slot = 0; slot < 3_000; slot += 1) subject.set(slot, 40);
    subject.fake.advance(1_000);
    expect(subject.lateness.size).toBe(3_500);
    expect(subject.fake.pendingCount()).toBe(0);
  });

  it("sets no timer of its own for an entry that the last removal writes", () => {
    const subject = createSubject({
      onRemove: (slot, { set, schedule }) => {
        if (slot === 0) set(1, 500);
        schedule.checkInvariants();
      },
    });
    subject.set(0, 10);
    subject.fake.advance(1_000);
    expect([...subject.lateness.keys()]).toEqual([0, 1]);
    expect(subject.fake.pendingCount()).toBe(0);
  });

  it("goes on after a removal that throws", () => {
    const subject = createSubject({
      onRemove: (slot) => {
        if (slot === 5) throw new Error("removal failed");
      },
    });
    for (let slot = 0; slot < 10; slot += 1) subject.set(slot, 10);
    expect(() => subject.fake.advance(10)).toThrow("removal failed");
    subject.fake.advance(200);
    expect(subject.lateness.size).toBe(10);
    expect(subject.fake.pendingCount()).toBe(0);
  });

  it("removes all that ended while the event loop was blocked, and does not repeat missed batches", () => {
    const fake = createFakeTime();
    let blockedMs = 0;
    const time = new StoreTime({
      monotonicMs: () => fake.clock.monotonicMs() + blockedMs,
      wallMs: () => fake.clock.wallMs() + blockedMs,
    });
    const deadlines = new Float64Pages();
    let removedCount = 0;
    const target = {
      removeExpired: (): boolean => {
        removedCount += 1;
        return true;
      },
      sliceEnded: (): void => undefined,
    };
    const schedule = new ExpirySchedule({
      target,
      dueTimes: deadlines,
      time,
      scheduler: fake.scheduler,
      cleanupIntervalMs: 100,
    });
    for (let slot = 0; slot < 100; slot += 1) {
      deadlines.ensure(slot);
      schedule.set(slot, time.read() + 100 * (slot + 1));
    }
    blockedMs = 30_000;
    fake.advance(100);
    expect(removedCount).toBe(100);
    expect(fake.pendingCount()).toBe(0);
  });

  it("waits on when the platform's timer comes a little early", () => {
    const fake = createFakeTime();
    const time = new StoreTime(fake.clock);
    const deadlines = new Float64Pages();
    deadlines.ensure(0);
    const removedAt: number[] = [];
    const early: Scheduler = {
      soon: fake.scheduler.soon,
      after: (delayMs, task) => fake.scheduler.after(delayMs > 1 ? delayMs - 0.7 : delayMs, task),
    };
    const target = { removeExpired: (): boolean => removedAt.push(time.read()) > 0, sliceEnded: (): void => undefined };
    const schedule = new ExpirySchedule({
      target,
      dueTimes: deadlines,
      time,
      scheduler: early,
      cleanupIntervalMs: 100,
    });
    const deadlineMs = time.read() + 40;
    schedule.set(0, deadlineMs);
    fake.advance(200);
    expect(removedAt).toHaveLength(1);
    expect((removedAt[0] as number) - deadlineMs).toBeLessThanOrEqual(1);
  });

  it("ignores a wall clock that is set", () => {
    const subject = createSubject();
    subject.set(0, 1_000);
    subject.fake.setWall(subject.fake.clock.wallMs() + 86_400_000);
    subject.fake.advance(500);
    expect(subject.lateness.size).toBe(0);
    subject.fake.setWall(0);
    subject.fake.advance(600);
    expect(subject.lateness.size).toBe(1);
  });

  it("removes at once what ended while the machine slept, as soon as anybody reads the clock", () => {
    let sinceBootMs = 0;
    const subject = createSubject({ sinceBootMs: () => sinceBootMs });
    subject.set(0, 3_600_000);
    subject.fake.advance(10);
    sinceBootMs += 8 * 3_600_000;
    subject.fake.setWall(subject.fake.clock.wallMs() + 8 * 3_600_000);
    subject.time.read();
    subject.fake.advance(0);
    expect(subject.lateness.size).toBe(1);
  });

  it("never removes in the background with an infinite interval", () => {
    const subject = createSubject({ cleanupIntervalMs: Number.POSITIVE_INFINITY });
    subject.set(0, 10);
    subject.fake.advance(100_000);
    expect(subject.lateness.size).toBe(0);
    expect(subject.timerCount()).toBe(0);
    expect(subject.schedule.freeOne(-1)).toBe(false);
  });

  it("frees an expired entry on demand, but not the spared one and none that lives", () => {
    const subject = createSubject();
    subject.set(0, 50);
    subject.set(1, 200);
    expect(subject.schedule.freeOne(-1)).toBe(false);
    const blocked = createSubject();
    blocked.set(0, 5);
    // No task runs between: the timer has not fired.
    blocked.fake.scheduler.after(5, () => undefined);
    blocked.schedule.set(0, blocked.time.read() - 1);
    expect(blocked.schedule.freeOne(0)).toBe(false);
    expect(blocked.schedule.size).toBe(1);
    expect(blocked.schedule.freeOne(7)).toBe(true);
    expect(blocked.lateness.has(0)).toBe(true);
    expect(blocked.schedule.isArmed).toBe(false);
  });

  it("stops for good: no timer, nothing removed, also in the middle of draining", () => {
    let isStopped = false;
    const subject = createSubject({
      onRemove: (_slot, { fake, lateness, schedule }) => {
        if (lateness.size !== 1) return;
        fake.scheduler.soon(() => {
          schedule.stop();
          isStopped = true;
        });
      },
    });
    for (let slot = 0; slot < 5_000; slot += 1) subject.set(slot, 100);
    subject.fake.advance(2_000);
    expect(isStopped).toBe(true);
    const removedCount = subject.lateness.size;
    expect(removedCount).toBeLessThanOrEqual(1_024);
    subject.set(0, 5);
    subject.fake.advance(1_000);
    expect(subject.lateness.size).toBe(removedCount);
    expect(subject.schedule.size).toBe(0);
    expect(subject.fake.pendingCount()).toBe(0);
    subject.schedule.checkInvariants();
  });

  it("can be cleared and used again", () => {
    const subject = createSubject();
    for (let slot = 0; slot < 100; slot += 1) subject.set(slot, 100);
    subject.schedule.clear();
    expect(subject.fake.pendingCount()).toBe(0);
    subject.set(3, 20);
    subject.fake.advance(200);
    expect([...subject.lateness.keys()]).toEqual([3]);
  });
});
