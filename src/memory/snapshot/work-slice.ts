import type { Clock } from "../../foundation/clock.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";

/** Time between two turns of the event loop. Half of the millisecond that is promised, for what begins just before it is over. */
const SLICE_MS = 0.5;
/** Steps between two looks at the clock, which cost about 40 ns each. */
const STEPS_PER_LOOK = 4;

/** Cuts long work into slices, so that everything else in the process goes on between them. */
export class WorkSlice {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #untilMs: number;
  #stepCount = 0;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#untilMs = clock.monotonicMs() + SLICE_MS;
  }

  /** Counts a step. @returns whether it is time for {@link WorkSlice.turn} */
  isOver(): boolean {
    this.#stepCount += 1;
    return this.#stepCount % STEPS_PER_LOOK === 0 && this.#clock.monotonicMs() >= this.#untilMs;
  }

  /** Lets the event loop handle what is pending; then the next slice begins. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => this.#scheduler.soon(resolve));
    this.#untilMs = this.#clock.monotonicMs() + SLICE_MS;
  }
}
