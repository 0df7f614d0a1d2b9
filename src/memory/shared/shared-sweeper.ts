import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { isPlausible, LIST_FLAG, RECORD } from "./record-format.ts";
import { SEGMENT_STATE } from "./segment-table.ts";
import type { SharedStore } from "./shared-store.ts";

/** Records looked at between two turns of the event loop: about half a millisecond. */
const SLICE_COUNT = 2_000;

/**
 * Removes dead entries that nobody asks for, so that their space is used before entries that live have to leave. A thread sets
 * a timer once it wrote something that can die; in each period the first one to wake up does the work for all.
 */
export class SharedSweeper {
  readonly #store: SharedStore;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #intervalMs: number;
  readonly #afterSlice: () => void;
  #timer: ScheduledTask | undefined;
  #isPassing = false;
  #isStopped = false;
  #segment = 0;
  #address = 0;

  constructor(
    store: SharedStore,
    host: { readonly clock: Clock; readonly scheduler: Scheduler },
    intervalMs: number,
    afterSlice: () => void,
  ) {
    this.#store = store;
    this.#clock = host.clock;
    this.#scheduler = host.scheduler;
    this.#intervalMs = intervalMs;
    this.#afterSlice = afterSlice;
  }

  /** Sets the timer unless it is set. */
  arm(): void {
    if (
      this.#timer !== undefined ||
      this.#isPassing ||
      this.#isStopped ||
      this.#intervalMs === Number.POSITIVE_INFINITY
    )
      return;
    this.#timer = this.#scheduler.after(this.#intervalMs, () => {
      this.#timer = undefined;
      const period = Math.floor(this.#clock.wallMs() / this.#intervalMs);
      if (this.#store.slab.claimSweep(period)) this.#begin();
      else this.arm();
    });
  }

  /** Ends everything. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks at all entries at once. For tests and for callers that wait anyway. O(n) */
  sweepNow(): void {
    this.#segment = 0;
    this.#address = 0;
    while (!this.#slice());
    this.#afterSlice();
  }

  #begin(): void {
    this.#isPassing = true;
    this.#segment = 0;
    this.#address = 0;
    this.#continue();
  }

  #continue(): void {
    if (this.#isStopped) return;
    const isDone = this.#slice();
    this.#afterSlice();
    if (isDone) {
      this.#isPassing = false;
      this.arm();
    } else this.#scheduler.soon(() => this.#continue());
  }

  /** @returns whether the last record was reached */
  #slice(): boolean {
    const { slab } = this.#store;
    for (let count = 0; count < SLICE_COUNT; count += 1) {
      if (!this.#isInside()) {
        if (this.#address !== 0) this.#segment += 1;
        if (this.#segment >= slab.layout.segmentCount) return true;
        this.#address = this.#store.segments.startOf(this.#segment);
        continue;
      }
      const address = this.#address;
      this.#address += slab.i32[address * 2 + RECORD.size] as number;
      if (((slab.i32[address * 2 + RECORD.flags] as number) & LIST_FLAG) !== 0) continue;
      this.#store.recycler.bury(address, this.#store.segments.queueOf(this.#segment));
    }
    return false;
  }

  #isInside(): boolean {
    const { segments, slab } = this.#store;
    if (this.#address === 0) return false;
    const state = segments.stateOf(this.#segment);
    const isUsed = state === SEGMENT_STATE.open || state === SEGMENT_STATE.sealed;
    const end = segments.startOf(this.#segment) + segments.tailOf(this.#segment);
    return isUsed && this.#address < end && isPlausible(slab, this.#address);
  }
}
