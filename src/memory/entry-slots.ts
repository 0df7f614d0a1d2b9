import { NO_SLOT } from "./eviction/eviction-policy.ts";
import type { NamespaceScope } from "./namespace-scopes.ts";
import { grownLength, resizedSlotArray } from "./slot-array.ts";
import type { TagSet } from "./tag-table.ts";

/**
 * Entries as parallel arrays: an entry is a slot number, the same in all arrays, from its insertion to its removal, however
 * often it is rewritten. Freed slots are used again, last freed first.
 *
 * ```text
 * index: Map key → slot
 *  slot │ keys │ values │ versions │ expiresAt │ weights │ tagSets │ scopes
 *     0 │ "a"  │ {...}  │ 1700...1 │ Infinity  │     212 │         │ root
 *     1 │ (free)
 * ```
 */
export class EntrySlots {
  readonly index: Map<string, number> = new Map();
  keys: (string | undefined)[] = [];
  values: unknown[] = [];
  versions: Float64Array = new Float64Array(0);
  /** Wall-clock ms; `Infinity` for never. */
  expiresAt: Float64Array = new Float64Array(0);
  /** Estimated bytes. */
  weights: Float64Array = new Float64Array(0);
  tagSets: (TagSet | undefined)[] = [];
  scopes: (NamespaceScope | undefined)[] = [];
  #free: Int32Array = new Int32Array(0);
  #freeCount = 0;

  /** One above the highest slot ever taken: where walks over all slots end. */
  get highWater(): number {
    return this.keys.length;
  }

  /** How many slots are taken. */
  get size(): number {
    return this.index.size;
  }

  /** The slot of a key, or {@link NO_SLOT}. */
  find(key: string): number {
    return this.index.get(key) ?? NO_SLOT;
  }

  /**
   * Takes a slot for a key that has none. The caller fills the other arrays. Nothing is taken when it throws.
   *
   * @throws RangeError when the platform has no room: the `Map` is full (the store stays below), or an array cannot grow
   */
  take(key: string): number {
    const isFree = this.#freeCount > 0;
    const slot = isFree ? (this.#free[this.#freeCount - 1] as number) : this.keys.length;
    // What can throw comes first.
    if (!isFree) this.#ensureLength(slot);
    this.index.set(key, slot);
    this.keys[slot] = key;
    if (isFree) {
      this.#freeCount -= 1;
    } else {
      this.values.push(undefined);
      this.tagSets.push(undefined);
      this.scopes.push(undefined);
    }
    return slot;
  }

  /** Gives a slot back and drops what it refers to. */
  release(slot: number): void {
    this.index.delete(this.keys[slot] as string);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.tagSets[slot] = undefined;
    this.scopes[slot] = undefined;
    if (this.index.size === 0) {
      // Nothing left: give the arrays back too, so that a cleared cache is as small as a new one.
      this.reset();
      return;
    }
    if (this.#freeCount >= this.#free.length) {
      this.#free = resizedSlotArray(this.#free, grownLength(this.#free.length, this.#freeCount));
    }
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }

  /** Back to nothing. */
  reset(): void {
    this.index.clear();
    this.keys = [];
    this.values = [];
    this.tagSets = [];
    this.scopes = [];
    this.#freeCount = 0;
    if (this.versions.length <= SMALL_LENGTH) return;
    this.versions = new Float64Array(0);
    this.expiresAt = new Float64Array(0);
    this.weights = new Float64Array(0);
    this.#free = new Int32Array(0);
  }

  /** Throws when index, arrays and free slots disagree. O(n). */
  checkInvariants(): void {
    for (const [key, slot] of this.index) {
      if (this.keys[slot] !== key) throw new Error(`entry slots: slot ${slot} has another key`);
    }
    const taken = this.keys.filter((key) => key !== undefined).length;
    if (taken !== this.index.size) throw new Error(`entry slots: ${taken} slots for ${this.index.size} keys`);
    if (taken + this.#freeCount !== this.highWater) throw new Error("entry slots: a slot is neither taken nor free");
    const free = new Set(this.#free.subarray(0, this.#freeCount));
    if (free.size !== this.#freeCount) throw new Error("entry slots: a slot is free twice");
    for (const slot of free) {
      const isEmpty =
        this.keys[slot] === undefined && this.values[slot] === undefined && this.scopes[slot] === undefined;
      if (!isEmpty) throw new Error(`entry slots: free slot ${slot} holds something`);
    }
  }

  #ensureLength(slot: number): void {
    if (slot < this.versions.length) return;
    const length = grownLength(this.versions.length, slot);
    // All of them or none: arrays of different lengths would drop what is written beyond the shorter one.
    const versions = resizedSlotArray(this.versions, length);
    const expiresAt = resizedSlotArray(this.expiresAt, length);
    const weights = resizedSlotArray(this.weights, length);
    this.versions = versions;
    this.expiresAt = expiresAt;
    this.weights = weights;
  }
}

/** Arrays up to this length are kept when the last entry leaves, for small stores empty themselves often. */
const SMALL_LENGTH = 1_024;
