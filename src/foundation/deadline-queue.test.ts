import { describe, expect, it } from "vitest";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { DeadlineQueue, type DeadlineTicket } from "./deadline-queue.ts";
import { createSeededRandom } from "./random-source.ts";

/** The queue's own rounding. */
const TICK_MS = 5;

interface Opened {
  readonly time: FakeTime;
  readonly queue: DeadlineQueue;
  /** What was told: name and when, in ms since the start. */
  readonly told: [string, number][];
  add(name: string, delayMs: number, then?: () => void): DeadlineTicket;
}

function open(): Opened {
  const time = createFakeTime();
  const queue = new DeadlineQueue(time);
  const startMs = time.clock.monotonicMs();
  const told: [string, number][] = [];
  const add = (name: string, delayMs: number, then?: () => void): DeadlineTicket =>
    queue.add(
      {
        onDeadline: () => {
          told.push([name, time.clock.monotonicMs() - startMs]);
          then?.();
        },
      },
      delayMs,
    );
  return { time, queue, told, add };
}

describe("a queue of deadlines", () => {
  it("tells each once, not early, and at most a tick late", () => {
    const { time, told, add, queue } = open();
    const random = createSeededRandom(1);
    const delays = Array.from({ length: 2_000 }, () => Math.floor(random.next() * 20_000));
    for (const [index, delayMs] of delays.entries()) add(String(index), delayMs);
    time.advance(25_000);
    expect(told).toHaveLength(delays.length);
    for (const [name, atMs] of told) {
      const lateMs = atMs - (delays[Number(name)] as number);
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThanOrEqual(2 * TICK_MS);
    }
    expect(queue.count).toBe(0);
  });

  it("does not tell what was taken back, also by another's deadline in the same tick", () => {
    const { time, told, add, queue } = open();
    const tickets: DeadlineTicket[] = [];
    const removeRest = (): void => {
      for (const ticket of tickets) queue.remove(ticket);
    };
    tickets.push(add("a", 7, removeRest), add("b", 7), add("c", 7), add("later", 7 + 1_024 * TICK_MS));
    const kept = add("d", 7);
    time.advance(20);
    expect(told.map(([name]) => name)).toEqual(["a", "d"]);
    queue.remove(kept);
    expect(queue.count).toBe(0);
  });

  it("tells what is added while it tells", () => {
    const { time, told, add } = open();
    add("first", 5, () => add("second", 0, () => add("third", 5 * 1_024)));
    time.advance(10_000);
    expect(told.map(([name]) => name)).toEqual(["first", "second", "third"]);
  });

  it("has one timer while something waits, and none otherwise", () => {
    const { time, add, queue } = open();
    expect(time.pendingCount()).toBe(0);
    const tickets = Array.from({ length: 100 }, (_, index) => add("x", 1_000 + index));
    expect(time.pendingCount()).toBe(1);
    for (const ticket of tickets) queue.remove(ticket);
    expect(time.pendingCount()).toBe(0);
    add("y", 50);
    queue.clear();
    expect(time.pendingCount()).toBe(0);
    expect(queue.count).toBe(0);
  });

  it("tells all that is over after a long pause of the process, each once", () => {
    const time = createFakeTime();
    let skipMs = 0;
    const clock = { monotonicMs: () => time.clock.monotonicMs() + skipMs };
    const queue = new DeadlineQueue({ clock, scheduler: time.scheduler });
    let told = 0;
    for (let index = 0; index < 300; index += 1) queue.add({ onDeadline: () => (told += 1) }, index * 100);
    skipMs = 60_000;
    time.advance(TICK_MS);
    expect(told).toBe(300);
  });
});
