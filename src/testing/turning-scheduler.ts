import type { Scheduler } from "../foundation/scheduler.ts";
import type { FakeTime } from "./fake-clock.ts";

/** Taken once, so that a runner's fake timers cannot hold a store. */
const platformSetImmediate = setImmediate;

/** A scheduler that can be stopped for good. */
export interface TurningScheduler extends Scheduler {
  /** From now on no task runs, and none can keep a loop alive by scheduling the next. */
  stop(): void;
}

/**
 * The fake scheduler, except that what needs no time to pass runs with the next turn of the event loop, as it does in
 * life: a store may yield with `soon` inside a call, and no case moves the clock while it waits for an answer.
 *
 * One turn is on its way at most, however many tasks wait for it: a task that schedules itself without end would
 * otherwise fill the memory with turns. `onError` is told what a task throws in a turn, and of such a task.
 */
export function createTurningScheduler(time: FakeTime, onError: (error: unknown) => void): TurningScheduler {
  let isStopped = false;
  let isTurnComing = false;

  function turn(): void {
    if (isTurnComing || isStopped) return;
    isTurnComing = true;
    platformSetImmediate(() => {
      try {
        time.advance(0);
      } catch (error) {
        // Tasks behind the one that failed run in the next turn that anybody asks for, such as one of `close`.
        onError(error);
      } finally {
        isTurnComing = false;
      }
    });
  }

  function unlessStopped(task: () => void): () => void {
    return () => {
      if (!isStopped) task();
    };
  }

  return {
    after(delayMs, task, keepAlive) {
      const scheduled = time.scheduler.after(delayMs, unlessStopped(task), keepAlive);
      if (delayMs <= 0) turn();
      return scheduled;
    },
    soon(task) {
      time.scheduler.soon(unlessStopped(task));
      turn();
    },
    stop() {
      isStopped = true;
    },
  };
}
