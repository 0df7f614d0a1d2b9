import { Int32Pages } from "../slot-pages.ts";
import { NO_SLOT } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

const FIRST_BUCKET_COUNT = 64;
/** Most hashes that one `add` forgets, so that a capacity that shrank does not stop the program. */
const MAX_FORGOTTEN = 16;
/** Mark in the bucket table: no node. Nodes are stored plus one, for new pages are zero. */
const NO_NODE = 0;

/**
 * The hashes of keys that left not long ago, oldest forgotten first. A collision of 32-bit hashes only means that a key is
 * taken for another one that was here: with a million ghosts, 1 of 4,300 unknown keys. 20 bytes a ghost.
 *
 * A hash table with chains that grows by splitting one bucket for each ghost it gains (linear hashing): `add` and `take` are O(1),
 * and none of them ever moves the whole table. It does not shrink before `clear`.
 *
 * Source: Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980, https://www.vldb.org/conf/1980/P212.PDF
 */
export class GhostList {
  /** Nodes in order of age. A node is a small number that is reused, as slots are. */
  readonly #links = new SlotLinks();
  readonly #order = new SlotList(this.#links);
  readonly #hashes = new Int32Pages();
  /** Of each bucket, its first node + 1. */
  readonly #heads = new Int32Pages();
  /** Of each node, the next node of its bucket + 1; of a free node, the next free one + 1. */
  readonly #nexts = new Int32Pages();
  #bucketCount = FIRST_BUCKET_COUNT;
  /** The largest power of two that is at most `#bucketCount`, minus 1. */
  #mask: number = FIRST_BUCKET_COUNT - 1;
  #nodeCount = 0;
  #firstFree: number = NO_NODE;
  #capacityCount: number;

  constructor(capacityCount: number) {
    this.#capacityCount = capacityCount;
    this.#heads.ensure(FIRST_BUCKET_COUNT - 1);
  }

  /** How many hashes are remembered. */
  get size(): number {
    return this.#order.size;
  }

  /** Remembers a hash as the newest. Forgets the oldest where there is no room, a few at most after the capacity shrank. Remembers nothing where the platform has no room. */
  add(hash: number): void {
    this.take(hash);
    if (this.#capacityCount < 1) return;
    for (let count = 0; this.#order.size >= this.#capacityCount && count < MAX_FORGOTTEN; count += 1) {
      this.take(this.#hashes.get(this.#order.back));
    }
    const node = this.#newNode();
    if (node === NO_SLOT) return;
    const bucket = this.#bucketOf(hash);
    this.#hashes.set(node, hash);
    this.#nexts.set(node, this.#heads.get(bucket));
    this.#heads.set(bucket, node + 1);
    this.#order.pushFront(node);
    if (this.#order.size > this.#bucketCount) this.#split();
  }

  /** Forgets a hash. @returns whether it was remembered */
  take(hash: number): boolean {
    const wanted = hash | 0;
    const bucket = this.#bucketOf(hash);
    let before = NO_SLOT;
    let node = this.#heads.get(bucket) - 1;
    while (node >= 0 && this.#hashes.get(node) !== wanted) {
      before = node;
      node = this.#nexts.get(node) - 1;
    }
    if (node < 0) return false;
    if (before === NO_SLOT) this.#heads.set(bucket, this.#nexts.get(node));
    else this.#nexts.set(before, this.#nexts.get(node));
    this.#order.remove(node);
    this.#nexts.set(node, this.#firstFree);
    this.#firstFree = node + 1;
    return true;
  }

  /** Remembers up to `capacityCount` from now on; what is above is forgotten with the next additions. O(1). */
  resize(capacityCount: number): void {
    this.#capacityCount = capacityCount;
  }

  /** Forgets all and gives the memory back. O(1). */
  clear(): void {
    this.#order.clear();
    this.#links.clear();
    this.#hashes.clear();
    this.#heads.clear();
    this.#nexts.clear();
    this.#bucketCount = FIRST_BUCKET_COUNT;
    this.#mask = FIRST_BUCKET_COUNT - 1;
    this.#nodeCount = 0;
    this.#firstFree = NO_NODE;
    this.#heads.ensure(FIRST_BUCKET_COUNT - 1);
  }

  /** Throws when the order and the table differ. O(n). */
  checkInvariants(): void {
    this.#order.checkInvariants();
    const remembered = new Set(this.#order.toArray());
    let found = 0;
    for (let bucket = 0; bucket < this.#bucketCount; bucket += 1) {
      for (let node = this.#heads.get(bucket) - 1; node >= 0; node = this.#nexts.get(node) - 1) {
        if (!remembered.has(node)) throw new Error(`ghost list: node ${node} is in the table, but not in the order`);
        if (this.#bucketOf(this.#hashes.get(node)) !== bucket) throw new Error(`ghost list: node ${node} is lost`);
        found += 1;
        if (found > remembered.size) throw new Error("ghost list: a node is twice in the table");
      }
    }
    if (found !== remembered.size) throw new Error("ghost list: order and table differ in size");
    if (this.#order.size > this.#bucketCount) throw new Error("ghost list: the table did not grow");
  }

  /** The buckets above those that exist are still part of the one they will be split from. */
  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#mask + 1);
    return bucket < this.#bucketCount ? bucket : hash & this.#mask;
  }

  /** Adds one bucket and moves into it what belongs there, all out of one other bucket. */
  #split(): void {
    const added = this.#bucketCount;
    const bucket = added - this.#mask - 1;
    if (!hasRoom(() => this.#heads.ensure(added))) return;
    this.#bucketCount += 1;
    if (this.#bucketCount === 2 * this.#mask + 2) this.#mask = 2 * this.#mask + 1;
    let node = this.#heads.get(bucket) - 1;
    this.#heads.set(bucket, NO_NODE);
    while (node >= 0) {
      const next = this.#nexts.get(node) - 1;
      const home = this.#bucketOf(this.#hashes.get(node));
      this.#nexts.set(node, this.#heads.get(home));
      this.#heads.set(home, node + 1);
      node = next;
    }
  }

  #newNode(): number {
    if (this.#firstFree !== NO_NODE) {
      const node = this.#firstFree - 1;
      this.#firstFree = this.#nexts.get(node);
      return node;
    }
    const node = this.#nodeCount;
    const isRoom = hasRoom(() => {
      this.#hashes.ensure(node);
      this.#nexts.ensure(node);
      this.#links.ensure(node);
    });
    if (!isRoom) return NO_SLOT;
    this.#nodeCount += 1;
    return node;
  }
}

/** Whether the platform had room for what was tried. */
function hasRoom(allocate: () => void): boolean {
  try {
    allocate();
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
