/** What a middle tier, a store of copies between the nearest and the last one, has done since the start. */
export interface TierCopyCounts {
  /** Reads that were served from it. */
  readonly hits: number;
  /** Reads that found no copy. */
  readonly misses: number;
  /** Reads that found a copy which could not be proven current, or could not be read. */
  readonly unproven: number;
  /** Calls that brought no answer in time, or an error. */
  readonly failures: number;
  /** Copies that were put there. */
  readonly writes: number;
}
