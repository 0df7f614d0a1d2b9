import { Int32Pages } from "../slot-pages.ts";
import { type EvictionPolicy, NO_SLOT } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/**
 * Least frequently used since it came; among equals the least recently used. Counts never age: prefer `w-tinylfu` unless
 * popularity is stable. Entries of one frequency share a list, and the lists stand in order of frequency, so every
 * operation is O(1). 12 bytes a slot, and one list per frequency that occurs.
 *
 * Source: Shah, Mitra, Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010, http://dhruvbird.com/lfu.pdf
 */
export function createLfuPolicy(): EvictionPolicy {
  return new Lfu();
}

/** All entries of one frequency. */
interface Bucket {
  frequency: number;
  readonly slots: SlotList;
  readonly id: number;
}

class Lfu implements EvictionPolicy {
  readonly name = "lfu";
  readonly #links = new SlotLinks();
  /** Order of the buckets: the back has the lowest frequency. Nodes are bucket ids. */
  readonly #order = new SlotList(new SlotLinks());
  readonly #buckets: Bucket[] = [];
  readonly #freeBuckets: Bucket[] = [];
  /** Of each taken slot, the id of its bucket. */
  readonly #bucketOf = new Int32Pages();

  inserted(slot: number): void {
    this.#bucketOf.ensure(slot);
    const lowest = this.#order.back;
    const isFirstKnown = lowest !== NO_SLOT && this.#bucket(lowest).frequency === 1;
    this.#enter(slot, isFirstKnown ? this.#bucket(lowest) : this.#openBucket(1, NO_SLOT));
  }

  touched(slot: number): void {
    const bucket = this.#bucket(this.#bucketOf.get(slot));
    const frequency = bucket.frequency + 1;
    const above = this.#order.newerThan(bucket.id);
    const isAboveNext = above !== NO_SLOT && this.#bucket(above).frequency === frequency;
    if (!isAboveNext && bucket.slots.size === 1) {
      // Alone in its bucket and nobody above is equal: the bucket itself moves up, nothing is linked anew.
      bucket.frequency = frequency;
      return;
    }
    const target = isAboveNext ? this.#bucket(above) : this.#openBucket(frequency, bucket.id);
    this.#leave(slot, bucket);
    this.#enter(slot, target);
  }

  removed(slot: number): void {
    this.#leave(slot, this.#bucket(this.#bucketOf.get(slot)));
  }

  replaced(slot: number): void {
    this.removed(slot);
    this.inserted(slot);
  }

  victim(): number {
    const lowest = this.#order.back;
    return lowest === NO_SLOT ? NO_SLOT : this.#bucket(lowest).slots.back;
  }

  resize(): void {}

  clear(): void {
    while (this.#order.back !== NO_SLOT) {
      const bucket = this.#bucket(this.#order.back);
      bucket.slots.clear();
      this.#closeBucket(bucket);
    }
    this.#links.clear();
    this.#bucketOf.clear();
  }

  checkInvariants(): void {
    this.#order.checkInvariants();
    let frequencyAbove = Number.POSITIVE_INFINITY;
    for (const id of this.#order.toArray()) {
      const { frequency, slots } = this.#bucket(id);
      slots.checkInvariants();
      if (slots.size === 0) throw new Error(`lfu: the bucket of frequency ${frequency} is empty`);
      if (frequency >= frequencyAbove) throw new Error("lfu: buckets are out of order");
      frequencyAbove = frequency;
      for (const slot of slots.toArray()) {
        if (this.#bucketOf.get(slot) !== id) throw new Error(`lfu: slot ${slot} does not know its bucket`);
      }
    }
  }

  #bucket(id: number): Bucket {
    return this.#buckets[id] as Bucket;
  }

  #enter(slot: number, bucket: Bucket): void {
    bucket.slots.pushFront(slot);
    this.#bucketOf.set(slot, bucket.id);
  }

  #leave(slot: number, bucket: Bucket): void {
    bucket.slots.remove(slot);
    if (bucket.slots.size === 0) this.#closeBucket(bucket);
  }

  /** A bucket right above another one, or the lowest of all; taken from those closed before, if any. */
  #openBucket(frequency: number, belowId: number): Bucket {
    const bucket = this.#freeBuckets.pop() ?? this.#newBucket();
    bucket.frequency = frequency;
    if (belowId === NO_SLOT) this.#order.pushBack(bucket.id);
    else this.#order.insertNewer(bucket.id, belowId);
    return bucket;
  }

  #newBucket(): Bucket {
    const bucket: Bucket = { frequency: 0, slots: new SlotList(this.#links), id: this.#buckets.length };
    this.#buckets.push(bucket);
    return bucket;
  }

  #closeBucket(bucket: Bucket): void {
    this.#order.remove(bucket.id);
    this.#freeBuckets.push(bucket);
  }
}
