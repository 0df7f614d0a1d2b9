import { EntryTooLargeError } from "../foundation/errors.ts";
import type { EntrySlots } from "./entry-slots.ts";
import type { Float64Pages } from "./slot-pages.ts";
import { sampledMeanBytes } from "./usage-sample.ts";
import type { EntryWeigher } from "./user-weigher.ts";

/**
 * What the entries of a store weigh, and all of them together. While there is no bound in bytes nobody weighs anything: every weight is 0, and
 * no memory is spent on them.
 */
export class EntryWeights {
  /** Of all entries, in bytes or the caller's unit. */
  totalBytes = 0;
  /** Whether entries have weights. */
  isKept = false;
  readonly #slots: EntrySlots;
  readonly #weights: Float64Pages;
  readonly #weigh: EntryWeigher;

  constructor(slots: EntrySlots, weigh: EntryWeigher) {
    this.#slots = slots;
    this.#weights = slots.weights;
    this.#weigh = weigh;
  }

  /** From now on entries have weights; those that are there already have 0. O(n) */
  keep(): void {
    this.isKept = true;
    this.#slots.keepWeights();
  }

  /**
   * Weighs an entry that is to be written; 0 while nobody does.
   *
   * @throws EntryTooLargeError when it can never fit; and what the caller's weigher throws
   */
  weigh(key: string, value: unknown, tagCount: number, maxSizeBytes: number): number {
    if (!this.isKept) return 0;
    const weightBytes = this.#weigh(key, value, tagCount);
    if (weightBytes > maxSizeBytes) throw new EntryTooLargeError(weightBytes, maxSizeBytes);
    return weightBytes;
  }

  /** What the entry of a taken slot would weigh if it were written now. */
  reweigh(slot: number): number {
    const { refs, tagSets } = this.#slots;
    return this.#weigh(refs.key(slot) as string, refs.value(slot), tagSets.get(slot)?.tags.length ?? 0);
  }

  /** The weight of a taken slot's entry. */
  of(slot: number): number {
    return this.isKept ? this.#weights.get(slot) : 0;
  }

  /** Gives a taken slot's entry another weight; `formerBytes` is what counts for it until now. */
  set(slot: number, weightBytes: number, formerBytes: number): void {
    if (!this.isKept) return;
    this.#weights.set(slot, weightBytes);
    this.totalBytes += weightBytes - formerBytes;
  }

  /** What `count` of the entries weigh, estimated from a sample where nobody keeps weights. */
  estimate(count: number): number {
    return Math.round(count * sampledMeanBytes(this.#slots, this.#weigh));
  }

  /** Throws when the total is wrong. @returns it. O(n) */
  checkInvariants(taken: readonly number[]): number {
    const totalBytes = taken.reduce((total, slot) => total + this.of(slot), 0);
    if (totalBytes !== this.totalBytes)
      throw new Error(`entry weights: ${this.totalBytes} bytes counted of ${totalBytes}`);
    return totalBytes;
  }
}
