/** A timer that can be taken back. */
export interface ScheduledTask {
  /** Takes the task back. Without effect once it ran. */
  cancel(): void;
}

/** How pure code asks for something to happen later. Tests pass one that follows a fake clock. */
export interface Scheduler {
  /**
   * Runs `task` once after `delayMs`.
   *
   * @param keepAlive whether the pending task keeps the process alive; default false
   */
  after(delayMs: number, task: () => void, keepAlive?: boolean): ScheduledTask;
  /** Runs `task` as soon as the event loop has handled what is pending. Never keeps the process alive for long. */
  soon(task: () => void): void;
}

/** Longest delay that the platform's timers take; longer ones would fire at once. */
const MAX_TIMER_DELAY_MS = 2_147_483_647;

/** The platform's timers. */
export const systemScheduler: Scheduler = {
  after(delayMs, task, keepAlive = false) {
    let timer: NodeJS.Timeout;
    // A delay beyond the platform's is slept in parts; one setTimeout would fire at once.
    const sleep = (remainingMs: number): void => {
      const partMs = Math.min(Math.max(remainingMs, 0), MAX_TIMER_DELAY_MS);
      timer = setTimeout(() => (remainingMs > partMs ? sleep(remainingMs - partMs) : task()), partMs);
      if (!keepAlive) timer.unref();
    };
    sleep(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  soon(task) {
    setImmediate(task);
  },
};
