import { describe, expect, it } from "vitest";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { StoreTime } from "./store-time.ts";

const HOUR_MS = 3_600_000;

/** A machine whose monotonic clock stops while it sleeps, as Linux does it. */
function createMachine(): {
  time: StoreTime;
  advance(ms: number): void;
  sleep(ms: number): void;
  setWall(byMs: number): void;
} {
  let monotonicMs = 5_000.25;
  let wallOffsetMs = 1_767_225_600_000;
  let sleptMs = 0;
  const time = new StoreTime({
    monotonicMs: () => monotonicMs,
    wallMs: () => Math.floor(monotonicMs + wallOffsetMs),
    // Whole seconds: the coarsest that platforms have.
    sinceBootMs: () => Math.floor((77_000_000 + monotonicMs + sleptMs) / 1_000) * 1_000,
  });
  return {
    time,
    advance: (ms) => {
      monotonicMs += ms;
    },
    sleep: (ms) => {
      monotonicMs += 20;
      sleptMs += ms;
      wallOffsetMs += ms;
    },
    setWall: (byMs) => {
      wallOffsetMs += byMs;
    },
  };
}

describe("StoreTime", () => {
  it("follows the monotonic clock, and no wall clock that is set forward or back", () => {
    const fake = createFakeTime();
    const time = new StoreTime(fake.clock);
    const startMs = time.read();
    fake.advance(100);
    fake.setWall(fake.clock.wallMs() + 24 * HOUR_MS);
    expect(time.read()).toBe(startMs + 100);
    fake.setWall(0);
    fake.advance(5);
    expect(time.read()).toBe(startMs + 105);
    expect(time.latestMs).toBe(startMs + 105);
  });

  it("shows deadlines on the wall clock as it is now", () => {
    const fake = createFakeTime();
    const time = new StoreTime(fake.clock);
    const deadlineMs = time.read() + 1_000;
    expect(time.toWallMs(deadlineMs)).toBe(fake.clock.wallMs() + 1_000);
    fake.setWall(fake.clock.wallMs() - HOUR_MS);
    time.read();
    expect(time.toWallMs(deadlineMs)).toBe(fake.clock.wallMs() + 1_000);
    fake.setWall(fake.clock.wallMs() + 2 * HOUR_MS);
    fake.advance(400);
    time.read();
    expect(time.toWallMs(deadlineMs)).toBe(fake.clock.wallMs() + 600);
    expect(time.toWallMs(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts sleep that the monotonic clock missed, when the clock since boot tells of it", () => {
    const machine = createMachine();
    const startMs = machine.time.read();
    const wakeUps: number[] = [];
    machine.time.whenSlept(() => wakeUps.push(machine.time.latestMs - startMs));
    machine.sleep(8 * HOUR_MS);
    expect(Math.abs(machine.time.read() - startMs - 8 * HOUR_MS)).toBeLessThanOrEqual(1_020);
    expect(wakeUps).toHaveLength(1);
    expect(wakeUps[0]).toBeGreaterThan(8 * HOUR_MS - 1_020);
    machine.advance(500);
    machine.sleep(HOUR_MS);
    expect(Math.abs(machine.time.read() - startMs - 9 * HOUR_MS)).toBeLessThanOrEqual(2_040);
    expect(wakeUps).toHaveLength(2);
  });

  it("keeps the wall instant of a deadline right across sleep", () => {
    const machine = createMachine();
    const deadlineMs = machine.time.read() + 10 * HOUR_MS;
    const wallMs = machine.time.toWallMs(deadlineMs);
    machine.sleep(8 * HOUR_MS);
    machine.time.read();
    expect(Math.abs(machine.time.toWallMs(deadlineMs) - wallMs)).toBeLessThanOrEqual(1_020);
  });

  it("tells a wall clock that was set forward from sleep", () => {
    const machine = createMachine();
    const startMs = machine.time.read();
    machine.setWall(8 * HOUR_MS);
    machine.advance(3);
    expect(machine.time.read()).toBe(startMs + 3);
  });

  it("takes sleep for a set clock when nothing tells of the time since boot", () => {
    const fake = createFakeTime();
    const time = new StoreTime(fake.clock);
    const startMs = time.read();
    fake.setWall(fake.clock.wallMs() + HOUR_MS);
    fake.advance(20);
    expect(time.read()).toBe(startMs + 20);
  });

  it("shows no wall instant before that of the write plus the TTL, though the wall clock shows whole ms", () => {
    for (const fraction of [0, 0.1, 0.5, 0.9, 0.999]) {
      let monotonicMs = 10 + fraction;
      const wallMs = (): number => Math.floor(1_000_000.3 + monotonicMs);
      const time = new StoreTime({ monotonicMs: () => monotonicMs, wallMs });
      for (let step = 0; step < 50; step += 1) {
        monotonicMs += 1.37;
        const expiresAt = time.toWallMs(time.read() + 100);
        expect(expiresAt - wallMs() - 100).toBeGreaterThanOrEqual(0);
        expect(expiresAt - wallMs() - 100).toBeLessThanOrEqual(1);
      }
    }
  });

  it("does not let the wall instant of a deadline flicker", () => {
    let monotonicMs = 10.2;
    const time = new StoreTime({ monotonicMs: () => monotonicMs, wallMs: () => Math.floor(1_000_000.3 + monotonicMs) });
    const seen: number[] = [];
    for (let step = 0; step < 100; step += 1) {
      monotonicMs += 1.37;
      time.read();
      seen.push(time.toWallMs(5_000.4));
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("never goes back, not even with a monotonic clock that does", () => {
    let monotonicMs = 100;
    const time = new StoreTime({ monotonicMs: () => monotonicMs, wallMs: () => 5 });
    expect(time.read()).toBe(100);
    monotonicMs = 40;
    expect(time.read()).toBe(100);
    monotonicMs = 101;
    expect(time.read()).toBe(101);
  });
});
