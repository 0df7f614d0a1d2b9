import { expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { PatientDeadline } from "./patient-deadline.ts";

/** A clock that stands still while timers are late: a process that was blocked. */
function open(): {
  advance(toMs: number): void;
  readonly queue: DeadlineQueue;
  readonly clock: { monotonicMs(): number };
} {
  let nowMs = 1_000;
  let task: (() => void) | undefined;
  const clock = { monotonicMs: () => nowMs };
  const scheduler = {
    after: (_: number, run: () => void) => {
      task = run;
      return {
        cancel: () => {
          task = undefined;
        },
      };
    },
  };
  const advance = (toMs: number): void => {
    nowMs = 1_000 + toMs;
    const run = task;
    task = undefined;
    run?.();
  };
  return { advance, queue: new DeadlineQueue({ clock, scheduler }), clock };
}

it("is told at its time when the process ran", () => {
  const { advance, queue, clock } = open();
  let toldCount = 0;
  new PatientDeadline(queue, clock, 100, () => {
    toldCount += 1;
  });
  for (let ms = 5; ms < 100; ms += 5) advance(ms);
  expect(toldCount).toBe(0);
  advance(110);
  expect(toldCount).toBe(1);
  advance(500);
  expect(toldCount).toBe(1);
});

it("gives the time once more when the process stood still, and only once", () => {
  const { advance, queue, clock } = open();
  let toldCount = 0;
  new PatientDeadline(queue, clock, 100, () => {
    toldCount += 1;
  });
  advance(2_000);
  expect(toldCount).toBe(0);
  advance(2_095);
  expect(toldCount).toBe(0);
  advance(5_000);
  expect(toldCount).toBe(1);
});

it("is silent once it was taken back, also when it was extended", () => {
  const { advance, queue, clock } = open();
  let toldCount = 0;
  const tell = (): void => {
    toldCount += 1;
  };
  const first = new PatientDeadline(queue, clock, 100, tell);
  const second = new PatientDeadline(queue, clock, 100, tell);
  first.cancel();
  advance(2_000);
  second.cancel();
  second.cancel();
  advance(9_000);
  expect([toldCount, queue.count]).toEqual([0, 0]);
});
