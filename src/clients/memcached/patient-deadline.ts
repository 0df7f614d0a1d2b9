import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineEntry, DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";

/** Lateness, as a part of the delay, from which the process itself must have stood still. */
const STALL_RATIO = 0.5;

/**
 * A deadline for what needs several turns of the event loop, such as connecting. When the process stood still for most of the time, for
 * example while it loaded its modules, nothing had a chance to happen: then the time is given once more, and only once.
 */
export class PatientDeadline implements DeadlineEntry {
  readonly #queue: DeadlineQueue;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #delayMs: number;
  readonly #onLate: () => void;
  readonly #dueAt: number;
  #isExtended = false;
  #ticket: DeadlineTicket | undefined;

  /** Begins at once. `onLate` is called at most once, unless cancelled before; it must not throw. */
  constructor(queue: DeadlineQueue, clock: Pick<Clock, "monotonicMs">, delayMs: number, onLate: () => void) {
    this.#queue = queue;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onLate = onLate;
    this.#dueAt = clock.monotonicMs() + delayMs;
    this.#ticket = queue.add(this, delayMs);
  }

  /** Takes it back. */
  cancel(): void {
    if (this.#ticket === undefined) return;
    this.#queue.remove(this.#ticket);
    this.#ticket = undefined;
  }

  onDeadline(): void {
    this.#ticket = undefined;
    const lateMs = this.#clock.monotonicMs() - this.#dueAt;
    if (this.#isExtended || lateMs <= this.#delayMs * STALL_RATIO) {
      this.#onLate();
      return;
    }
    this.#isExtended = true;
    this.#ticket = this.#queue.add(this, this.#delayMs);
  }
}
