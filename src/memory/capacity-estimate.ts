/** What policies are told at first: small, so that an empty store does not pay for a large sketch. */
const FIRST_CAPACITY_COUNT = 1_024;
/** While a store fills, its policy is sized ahead of it by this factor. */
const LEAD_FACTOR = 2;
/** Policies are told again when the estimate leaves their number by more than this factor. */
const DRIFT_FACTOR = 2;

/** Most entries of any store, 16,777,214 (2^24 − 2): what the words of the key index can number. */
export const MAX_ENTRY_COUNT: number = 2 ** 24 - 2;

/** The bounds of a store; `Infinity` where there is none. */
export interface StoreBounds {
  readonly maxKeys: number;
  readonly maxSizeBytes: number;
}

/** Bounds that a store can keep: at most {@link MAX_ENTRY_COUNT} keys, also where there is no bound. */
export function attainableBounds(bounds: StoreBounds): StoreBounds {
  return { maxKeys: Math.min(bounds.maxKeys, MAX_ENTRY_COUNT), maxSizeBytes: bounds.maxSizeBytes };
}

/**
 * How many entries a store can hold, for its policy: what fits into the byte bound at the average weight, at most `maxKeys`; and while it
 * fills, no more than twice what it holds, so that memory grows with use.
 */
export class CapacityEstimate {
  #bounds: StoreBounds;
  /** What the policy was told last. */
  toldCount: number;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
    this.toldCount = Math.max(1, Math.min(bounds.maxKeys, FIRST_CAPACITY_COUNT));
  }

  /** The store got other bounds. */
  rebound(bounds: StoreBounds): void {
    this.#bounds = bounds;
  }

  /** The number to tell the policy now, or `undefined` while the last one is near enough. O(1). */
  changed(entryCount: number, totalBytes: number): number | undefined {
    if (entryCount === 0) return undefined;
    const { maxKeys, maxSizeBytes } = this.#bounds;
    const byBytes = Math.max(1, Math.floor((maxSizeBytes * entryCount) / Math.max(1, totalBytes)));
    const wanted = Math.min(maxKeys, byBytes, Math.max(FIRST_CAPACITY_COUNT, entryCount * LEAD_FACTOR));
    const isExact = wanted === maxKeys && this.toldCount !== maxKeys;
    const isFar = wanted > this.toldCount * DRIFT_FACTOR || wanted * DRIFT_FACTOR < this.toldCount;
    if (!isExact && !isFar) return undefined;
    this.toldCount = wanted;
    return wanted;
  }
}
