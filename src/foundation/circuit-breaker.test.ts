import { describe, expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { type BreakerSettings, CircuitBreaker } from "./circuit-breaker.ts";
import { createSeededRandom } from "./random-source.ts";

function createBreaker(settings: BreakerSettings = {}) {
  const time = createFakeTime();
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    clock: time.clock,
    random: createSeededRandom(7),
    onChange: (state) => changes.push(state),
    failureCount: 3,
    minOpenMs: 100,
    maxOpenMs: 1_000,
    ...settings,
  });
  const fail = (): void => breaker.failed(breaker.enter() as number);
  const open = (): void => {
    while (breaker.state === "closed") fail();
  };
  return { time, changes, breaker, fail, open };
}

describe("CircuitBreaker", () => {
  it("opens after failures in a row, and not after as many with an answer among them", () => {
    const { breaker, fail, changes } = createBreaker();
    fail();
    fail();
    breaker.succeeded(breaker.enter() as number);
    fail();
    fail();
    expect(breaker.state).toBe("closed");
    fail();
    expect(changes).toEqual(["open"]);
    expect(breaker.enter()).toBeUndefined();
  });

  it("opens when half of many calls fail, though never several in a row", () => {
    const { breaker, fail } = createBreaker();
    for (let round = 0; round < 12 && breaker.state === "closed"; round += 1) {
      breaker.succeeded(breaker.enter() as number);
      fail();
    }
    expect(breaker.state).toBe("open");
  });

  it("forgets the share of a window that is over", () => {
    const { breaker, fail, time } = createBreaker({ windowMs: 50 });
    for (let round = 0; round < 100; round += 1) {
      breaker.succeeded(breaker.enter() as number);
      fail();
      time.advance(10);
    }
    expect(breaker.state).toBe("closed");
  });

  it("lets one probe through when its pause is over, and closes when that is answered", () => {
    const { breaker, open, time, changes } = createBreaker();
    open();
    time.advance(99);
    expect(breaker.enter()).toBeUndefined();
    time.advance(1_000);
    const probe = breaker.enter() as number;
    expect(breaker.enter()).toBeUndefined();
    breaker.succeeded(probe);
    expect(changes).toEqual(["open", "half-open", "closed"]);
    expect(breaker.enter()).toBeTypeOf("number");
  });

  it("opens again when the probe fails, for a pause within its bounds and with jitter", () => {
    const { breaker, open, time } = createBreaker();
    open();
    const pauses = new Set<number>();
    for (let round = 0; round < 8; round += 1) {
      const pauseMs = breaker.openUntil - time.clock.monotonicMs();
      expect(pauseMs).toBeGreaterThanOrEqual(100);
      expect(pauseMs).toBeLessThanOrEqual(1_000);
      pauses.add(pauseMs);
      time.advance(pauseMs);
      breaker.failed(breaker.enter() as number);
      expect(breaker.state).toBe("open");
    }
    expect(pauses.size).toBe(8);
  });

  it("does not take the late failure or answer of a call from before it opened for the probe's", () => {
    const { breaker, open, time } = createBreaker();
    const early = [breaker.enter() as number, breaker.enter() as number];
    open();
    time.advance(1_000);
    const probe = breaker.enter() as number;
    breaker.failed(early[0] as number);
    expect(breaker.state).toBe("half-open");
    breaker.succeeded(early[1] as number);
    expect(breaker.state).toBe("half-open");
    breaker.succeeded(probe);
    expect(breaker.state).toBe("closed");
  });

  it("lets the next one probe when the prober left, or was never heard of again", () => {
    const { breaker, open, time } = createBreaker();
    open();
    time.advance(1_000);
    breaker.abandoned(breaker.enter() as number);
    expect(breaker.enter()).toBeTypeOf("number");
    expect(breaker.enter()).toBeUndefined();
    time.advance(1_000);
    expect(breaker.enter()).toBeTypeOf("number");
  });
});
