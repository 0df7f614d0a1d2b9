import type { Scheduler } from "../../foundation/scheduler.ts";

/** Wakes all who wait for something to change. */
export class Signal {
  readonly #waiting = new Set<() => void>();

  /** Wakes them. */
  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits for the next ring, at most so long, in ms. Keeps the process alive meanwhile: somebody waits for what comes after. */
  wait(ms: number, scheduler: Pick<Scheduler, "after">): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = scheduler.after(ms, wake, true);
      this.#waiting.add(wake);
    });
  }
}
