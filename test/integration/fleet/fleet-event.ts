import process from "node:process";

/** One thing that a process of the fleet did with one key. */
export interface FleetEvent {
  /** A read through the cache that found a value, a call of a loader, or a change of the source with the invalidation that followed it. */
  readonly kind: "read" | "load" | "change";
  /** The method that was called; of loads, what became of the value: `"stored"` if nothing came in between, else why not. */
  readonly how: string;
  readonly process: number;
  readonly key: string;
  /** Generation that was read, loaded, or that the change made. */
  readonly generation: number;
  /**
   * When it began, in µs since the run began, by the machine's monotonic clock. Of a load: when the call began that loads. Of a change: when the source changed, before
   * the cache was told.
   */
  readonly from: number;
  /** When it was over. */
  readonly to: number;
}

/** An instant of the machine's monotonic clock, which all processes share on Linux (CLOCK_MONOTONIC), in µs since another one in ns. */
export function microsSince(originNs: bigint): number {
  return Number(process.hrtime.bigint() - originNs) / 1_000;
}
