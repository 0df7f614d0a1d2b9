import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** A clock and a scheduler that stand still until a test moves them. */
export interface FakeTime {
  /** Hand it to code that takes a `Clock`. */
  readonly clock: Clock;
  /** Hand it to code that takes a `Scheduler`. Its tasks run inside `advance` and `advanceAsync` only. */
  readonly scheduler: Scheduler;
  /**
   * Moves both clocks by `ms` ≥ 0 and runs what is due on the way in the order of time, each task at its own instant, tasks
   * that tasks schedule included. `soon` tasks run first, in their order, also with `advance(0)`. An error of a task is
   * thrown here, with the clock standing at that task's instant.
   *
   * @throws RangeError when `ms` is negative or no number, and when more than 1,000,000 tasks run (a task that re-arms itself)
   */
  advance(ms: number): void;
  /** As {@link FakeTime.advance}, and lets promises settle before, between and after the tasks. */
  advanceAsync(ms: number): Promise<void>;
  /** Sets the wall clock alone, as an administrator or a time server does; timers and the monotonic clock do not notice. */
  setWall(ms: number): void;
  /** How many tasks wait, `soon` ones included: 0 after a clean close. */
  pendingCount(): number;
}

interface PendingTask extends ScheduledTask {
  readonly dueMs: number;
  readonly run: () => void;
}

/** 2026-01-01T00:00:00Z: a plausible instant, so that code that confuses seconds and milliseconds shows. */
const DEFAULT_START_WALL_MS = 1_767_225_600_000;
/** The monotonic clock starts apart from the wall clock, so that code that mixes them up shows. */
const START_MONOTONIC_MS = 5_000;
const MAX_TASKS_PER_ADVANCE = 1_000_000;

/** Taken once, so that a test runner's own fake timers cannot hold `advanceAsync`. */
const platformSetImmediate = setImmediate;

/**
 * Makes time that a test moves by hand.
 *
 * @param startWallMs what the wall clock shows at first, ms since the epoch; default 2026-01-01T00:00:00Z
 * @example
 * ```ts
 * const time = createFakeTime();
 * let rang = false;
 * time.scheduler.after(1_000, () => { rang = true; });
 * time.advance(1_000); // rang is true
 * ```
 */
export function createFakeTime(startWallMs: number = DEFAULT_START_WALL_MS): FakeTime {
  let monotonicMs = START_MONOTONIC_MS;
  let wallOffsetMs = startWallMs - START_MONOTONIC_MS;
  const soonTasks: (() => void)[] = [];
  /** Sorted by instant; equal instants keep the order of their scheduling. */
  const timers: PendingTask[] = [];

  function after(delayMs: number, run: () => void): ScheduledTask {
    const dueMs = monotonicMs + Math.max(delayMs, 0);
    const task: PendingTask = {
      dueMs,
      run,
      cancel: () => {
        const index = timers.indexOf(task);
        if (index >= 0) timers.splice(index, 1);
      },
    };
    const index = timers.findIndex((other) => other.dueMs > dueMs);
    timers.splice(index < 0 ? timers.length : index, 0, task);
    return task;
  }

  /** Runs the next thing that is due by `untilMs`. @returns whether there was one */
  function runNext(untilMs: number): boolean {
    const soonTask = soonTasks.shift();
    if (soonTask !== undefined) {
      soonTask();
      return true;
    }
    const next = timers[0];
    if (next === undefined || next.dueMs > untilMs) return false;
    timers.shift();
    monotonicMs = Math.max(monotonicMs, next.dueMs);
    next.run();
    return true;
  }

  return {
    clock: { wallMs: () => monotonicMs + wallOffsetMs, monotonicMs: () => monotonicMs },
    scheduler: { after, soon: (task) => void soonTasks.push(task) },
    advance(ms) {
      const untilMs = monotonicMs + assertSpan(ms);
      for (let taskCount = 0; runNext(untilMs); taskCount += 1) assertNotEndless(taskCount);
      monotonicMs = Math.max(monotonicMs, untilMs);
    },
    async advanceAsync(ms) {
      const untilMs = monotonicMs + assertSpan(ms);
      await settlePromises();
      for (let taskCount = 0; runNext(untilMs); taskCount += 1) {
        assertNotEndless(taskCount);
        await settlePromises();
      }
      monotonicMs = Math.max(monotonicMs, untilMs);
      await settlePromises();
    },
    setWall(ms) {
      wallOffsetMs = ms - monotonicMs;
    },
    pendingCount: () => timers.length + soonTasks.length,
  };
}

function assertSpan(ms: number): number {
  if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY) {
    throw new RangeError(`Time moves by a finite number of milliseconds ≥ 0; got ${ms}.`);
  }
  return ms;
}

function assertNotEndless(taskCount: number): void {
  if (taskCount >= MAX_TASKS_PER_ADVANCE) {
    throw new RangeError(
      `More than ${MAX_TASKS_PER_ADVANCE} tasks ran in one advance; a task schedules itself without end.`,
    );
  }
}

/** Resolves when every promise that could settle by itself has done so: `setImmediate` comes after all microtasks. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    platformSetImmediate(resolve);
  });
}
