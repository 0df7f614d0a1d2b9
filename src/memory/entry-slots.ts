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

  /** Takes a slot for a key that has none. The caller fills the other arrays. */
  take(key: string): number {
    let slot: number;
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      slot = this.#free[this.#freeCount] as number;
      this.keys[slot] = key;
    } else {
      slot = this.#append(key);
    }
    this.index.set(key, slot);
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

  #append(key: string): number {
    const slot = this.keys.length;
    if (slot >= this.versions.length) {
      const length = grownLength(this.versions.length, slot);
      this.versions = resizedSlotArray(this.versions, length);
      this.expiresAt = resizedSlotArray(this.expiresAt, length);
      this.weights = resizedSlotArray(this.weights, length);
    }
    this.keys.push(key);
    this.values.push(undefined);
    this.tagSets.push(undefined);
    this.scopes.push(undefined);
    return slot;
  }
}

/** Arrays up to this length are kept when the last entry leaves, for small stores empty themselves often. */
const SMALL_LENGTH = 1_024;
