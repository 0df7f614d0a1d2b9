import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";

/** Something with messages to send. */
export interface Flushable {
  /** Sends what waits. Must not throw. */
  flush(): void;
}

/**
 * When what waits is sent, for all nodes together. The first message after a pause leaves at the end of the current turn of the event loop, with all others of that turn;
 * while messages keep coming, batches leave every `batchMs`. So a single message is fast, and a stream of them makes at most one frame a node and `batchMs`. What somebody waits for does not wait for
 * a batch: it leaves at the end of its turn, and takes along what was there.
 */
export class FlushSchedule {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #scheduler: Scheduler;
  readonly #batchMs: number;
  readonly #waiting = new Set<Flushable>();
  #isSoon = false;
  #timer: ScheduledTask | undefined;
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "monotonicMs">, scheduler: Scheduler, batchMs: number) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#batchMs = batchMs;
  }

  /** Asks for a flush, `isUrgent` by the end of this turn. Asking again before it comes does nothing more. */
  request(flushable: Flushable, isUrgent: boolean): void {
    this.#waiting.add(flushable);
    if (this.#isSoon || (this.#timer !== undefined && !isUrgent)) return;
    const restMs = isUrgent ? 0 : this.#flushedAtMs + this.#batchMs - this.#clock.monotonicMs();
    if (restMs > 0) {
      this.#timer = this.#scheduler.after(restMs, () => this.#flush());
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isSoon = true;
    this.#scheduler.soon(() => this.#flush());
  }

  /** Takes all requests back. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #flush(): void {
    this.#isSoon = false;
    this.#timer = undefined;
    this.#flushedAtMs = this.#clock.monotonicMs();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const flushable of waiting) flushable.flush();
  }
}
