import type { RandomSource } from "../../foundation/random-source.ts";

/** No slot. */
export const NO_SLOT = -1;

/** What a policy is built with. */
export interface EvictionPolicyOptions {
  /**
   * How many entries the store can hold, as far as known; policies with segments size them by it. Re-told by
   * {@link EvictionPolicy.resize} when a byte bound makes the real number known only in operation.
   */
  readonly capacityCount: number;
  /** For sampling and tie breaks. */
  readonly random: RandomSource;
}

/**
 * Chooses who must leave. Knows entries as slot numbers (small integers that are reused), never keys or values.
 *
 * The store calls, for every entry: `inserted` once, then any number of `touched`, then `removed` once;
 * or `replaced`, which ends one entry and begins another in its slot.
 * `victim` only chooses; the store then calls `removed` or `replaced` for that slot. All O(1), amortized where a policy sweeps, but for `resize`. A key has
 * one hash, until the index goes over to another one; then it may be told by either for a while.
 */
export interface EvictionPolicy {
  /** The policy's configuration name. */
  readonly name: string;
  /** A new entry took the slot. `keyHash` is 32 bits, for sketches and ghost lists. */
  inserted(slot: number, keyHash: number): void;
  /** The entry was read or rewritten. Must not allocate, and is on the path of every hit: a byte written is what it should cost. */
  touched(slot: number, keyHash: number): void;
  /** The entry left, for whatever reason. */
  removed(slot: number, keyHash: number): void;
  /** The victim left, and a new entry took its slot: `removed` and `inserted` in one, the most common change of a full store. */
  replaced(slot: number, formerHash: number, keyHash: number): void;
  /** The slot to evict next, or {@link NO_SLOT} when nothing is stored. May reorder, must not remove. */
  victim(): number;
  /** The store's capacity changed. */
  resize(capacityCount: number): void;
  /** Forgets everything, history too. */
  clear(): void;
  /** For tests: throws when a link, count or bit is wrong. O(n). */
  checkInvariants(): void;
}

/** Builds a policy. */
export type EvictionPolicyFactory = (options: EvictionPolicyOptions) => EvictionPolicy;
