import type { Clock } from "../foundation/clock.ts";

/** What is further ahead of this machine's clock is no instant. */
const MAX_AHEAD_MS = 366 * 86_400_000;

/**
 * The wall clock of the shared store, as far as it is known: never behind this machine's, and never behind what the store has said. A store whose versions are microseconds of its own
 * clock says with each of them that it is at least so late there; so a machine whose clock is behind does not keep copies beyond the end of their entries.
 */
export class ServerClock {
  readonly #clock: Clock;
  /** The largest lead over this process's monotonic clock that was seen; that clock cannot be set. */
  #leadMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The store gave out a version, so its clock is not behind that. Versions that are no instants say nothing. */
  observe(version: number): void {
    const saidMs = version / 1_000;
    const leadMs = saidMs - this.#clock.monotonicMs();
    if (leadMs > this.#leadMs && saidMs < this.#clock.wallMs() + MAX_AHEAD_MS) this.#leadMs = leadMs;
  }

  /** Milliseconds since the epoch. */
  nowMs(): number {
    return Math.max(this.#clock.wallMs(), this.#clock.monotonicMs() + this.#leadMs);
  }
}
