import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";

/** Silence of so many heartbeats ends a link: two may be lost, or late. */
const SILENCE_RATIO = 2.5;

/** What heartbeats are made of. */
export interface HeartbeatParts {
  readonly heartbeatMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  /** Sends a sign of life over each link. */
  readonly beat: () => void;
  /** Ends links over which nothing was heard for so long, in ms. */
  readonly sweep: (silenceMs: number) => void;
}

/**
 * The one timer of a transport: every half heartbeat it looks for silent links, and at every second of these moments tells that this node lives.
 *
 * When it runs late itself, by more than a heartbeat, this process has stood still: nobody's silence is judged then, for what the others said waits unread.
 */
export class Heartbeats {
  readonly #parts: HeartbeatParts;
  #isBeat = false;
  #dueAtMs = 0;
  #timer: ScheduledTask | undefined;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Begins. */
  open(): void {
    const { clock, scheduler, heartbeatMs } = this.#parts;
    this.#dueAtMs = clock.monotonicMs() + heartbeatMs / 2;
    this.#timer = scheduler.after(heartbeatMs / 2, () => this.#tick());
  }

  /** Ends. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    const { clock, heartbeatMs, beat, sweep } = this.#parts;
    const hasStoodStill = clock.monotonicMs() - this.#dueAtMs > heartbeatMs;
    if (!hasStoodStill) sweep(SILENCE_RATIO * heartbeatMs);
    this.#isBeat = !this.#isBeat;
    if (this.#isBeat || hasStoodStill) beat();
    this.open();
  }
}
