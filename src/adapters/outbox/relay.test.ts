import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { OutboxEvents } from "./outbox-events.ts";
import { resolveOutboxOptions } from "./outbox-options.ts";
import { Relay } from "./relay.ts";
import type { PassResult } from "./relay-pass.ts";

const IDLE: PassResult = {
  appliedCount: 0,
  failedCount: 0,
  parkedCount: 0,
  retryInMs: Number.POSITIVE_INFINITY,
  isCacheClosed: false,
};
const APPLIED: PassResult = { ...IDLE, appliedCount: 1 };
const FAILED: PassResult = { ...IDLE, failedCount: 1, retryInMs: 100 };

/** A relay in fake time whose passes a test decides; each pass leaves the instant at which it ran. A row that failed is due at `dueAtMs`, if any. */
function openRelay(pass: (index: number) => PassResult | Promise<PassResult>, dueAtMs: number[] = []) {
  const time = createFakeTime();
  const startMs = time.clock.monotonicMs();
  const passesAtMs: number[] = [];
  const events = new OutboxEvents();
  const options = resolveOutboxOptions({
    ...{ cache: { deleteMulti: () => 0 }, dialect: "sqlite", database: { prepare: () => undefined } },
    ...{ pollInterval: 1_000, minRetryDelay: 100, maxRetryDelay: 10_000 },
    ...{ scheduler: time.scheduler, random: createSeededRandom(7) },
  });
  const counters = { appliedRowCount: 0, parkedRowCount: 0, failureCount: 0, lastLagMs: 0 };
  const elapsedMs = (): number => time.clock.monotonicMs() - startMs;
  const relay = new Relay(
    { options, events, counters, table: undefined as never },
    {
      pass: async () => {
        passesAtMs.push(elapsedMs());
        return await pass(passesAtMs.length);
      },
      nextDueMs: async () => {
        const waits = dueAtMs.map((at) => at - elapsedMs()).filter((wait) => wait > 0);
        return waits.length === 0 ? undefined : Math.min(...waits);
      },
    },
  );
  const ended = relay.run();
  return { relay, time, passesAtMs, events, ended };
}

describe("the relay of an outbox", () => {
  it("looks at once, then every poll interval, varied by a tenth", async () => {
    const { relay, time, passesAtMs, ended } = openRelay(() => IDLE);
    await time.advanceAsync(10_000);
    expect(passesAtMs[0]).toBe(0);
    const pauses = passesAtMs.slice(1).map((at, index) => at - (passesAtMs[index] as number));
    expect(pauses.every((pause) => pause >= 900 && pause <= 1_100)).toBe(true);
    expect(new Set(pauses).size).toBeGreaterThan(5);
    relay.stop();
    await ended;
    expect(time.pendingCount()).toBe(0);
  });

  it("looks at once when it is notified, once for many notifications", async () => {
    const { relay, time, passesAtMs } = openRelay(() => IDLE);
    await time.advanceAsync(10);
    for (let index = 0; index < 100; index += 1) relay.notify();
    await time.advanceAsync(10);
    expect(passesAtMs).toEqual([0, 10]);
    relay.stop();
  });

  it("looks again right after a pass in which it was notified: the pass may have looked before the commit", async () => {
    const { relay, time, passesAtMs } = openRelay(async (index) => {
      await undefined;
      if (index === 1) relay.notify();
      return IDLE;
    });
    await time.advanceAsync(10);
    expect(passesAtMs).toEqual([0, 0]);
    relay.stop();
  });

  it("comes back when a failed row is due, though others were applied", async () => {
    const first = (index: number): PassResult => (index === 1 ? { ...FAILED, appliedCount: 1 } : IDLE);
    const { relay, time, passesAtMs } = openRelay(first, [200]);
    await time.advanceAsync(300);
    expect(passesAtMs).toEqual([0, 200]);
    relay.stop();
  });

  it("forgets no failed row for a notification in between, nor for another one that is due first", async () => {
    const first = (index: number): PassResult => (index === 1 ? { ...FAILED, appliedCount: 1 } : IDLE);
    const { relay, time, passesAtMs } = openRelay(first, [300, 500]);
    await time.advanceAsync(150);
    relay.notify();
    await time.advanceAsync(600);
    expect(passesAtMs).toEqual([0, 150, 300, 500]);
    relay.stop();
  });

  it("pauses longer after each fruitless pass, whatever it is notified of, and is quick again after a fruitful one", async () => {
    const { relay, time, passesAtMs } = openRelay((index) => (index <= 8 ? FAILED : APPLIED));
    for (let step = 0; step < 600; step += 1) {
      relay.notify();
      await time.advanceAsync(100);
      if (passesAtMs.length > 8) break;
    }
    expect(passesAtMs.length).toBe(9);
    const sinceStartMs = passesAtMs[8] as number;
    // Full jitter: the sum is anything between eight shortest pauses and eight longest ones, but never hundreds of passes.
    expect(sinceStartMs).toBeGreaterThan(1_600);
    relay.notify();
    await time.advanceAsync(0);
    expect(passesAtMs.length).toBe(10);
    relay.stop();
  });

  it("tells of a database that fails, and goes on", async () => {
    const { relay, time, events, passesAtMs } = openRelay((index) =>
      index < 3 ? Promise.reject(new Error("away")) : IDLE,
    );
    const failures: unknown[] = [];
    events.on("failure", (failure) => failures.push(failure));
    await time.advanceAsync(1_000);
    expect(failures).toMatchObject([
      { stage: "claim", rowCount: 0 },
      { stage: "claim", rowCount: 0 },
    ]);
    expect(passesAtMs.length).toBeGreaterThanOrEqual(3);
    relay.stop();
  });

  it("ends by itself when the cache is closed: no later pass could do anything", async () => {
    const { time, ended, passesAtMs } = openRelay(() => ({ ...FAILED, isCacheClosed: true }));
    await ended;
    expect(passesAtMs.length).toBe(1);
    expect(time.pendingCount()).toBe(0);
  });

  it("is not disturbed by a listener that throws", async () => {
    const { relay, time, events, passesAtMs } = openRelay((index) =>
      index === 1 ? Promise.reject(new Error("away")) : IDLE,
    );
    const warned = new Promise((resolve) => process.once("warning", resolve));
    events.on("failure", () => {
      throw new Error("listener");
    });
    await time.advanceAsync(1_000);
    expect(String(await warned)).toContain("failure");
    expect(passesAtMs.length).toBeGreaterThan(1);
    relay.stop();
  });
});
