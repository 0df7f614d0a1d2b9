import type { RandomSource } from "../../foundation/random-source.ts";
import { NO_SLOT } from "../eviction/eviction-policy.ts";
import { Int32Pages } from "../slot-pages.ts";
import type { SlotRefs } from "../slot-refs.ts";
import { keyedHash, sampledHash } from "./key-hash.ts";

/** Slots are numbers below 2^24; a word of the table holds one more, for 0 means empty. */
const SLOT_MASK = 0xff_ffff;
/** The other 8 bits of a word are the top bits of the hash, so that most keys of other hashes are told apart without a look at them. */
const TAG_MASK: number = ~SLOT_MASK;
/** A place of the former table whose word went to the new one: occupied, for probing goes on past it, and no slot. */
const MOVED: number = 1 << 24;

const FIRST_LENGTH = 64;
/** The table doubles when it is filled to a half; probes for a key that is there are 1.5 on average then, for others 2.5. */
const PLACES_PER_KEY = 2;
/** It shrinks to a quarter when it is filled to 1/16. */
const MIN_FILLED_SIXTEENTHS = 1;
/** Places moved by each change while the table is being replaced: a few hundred ns, and the new one is less than a third full at the end. */
const MOVE_COUNT = 16;

/** How many inserted keys are watched for collisions at a time, */
const WATCHED_COUNT = 4_096;
/** and how many of them may have the very hash of another key. By chance it is 16 at the limit of 2^24 keys. */
const MAX_COLLISION_COUNT = 64;

/** A table on its way out: places below `moved` are in the new one. */
interface FormerTable {
  readonly table: Int32Array;
  readonly isKeyed: boolean;
  moved: number;
}

/**
 * Finds slots by key: open addressing with linear probing over 32-bit words.
 *
 * ```text
 * word = │ top 8 bits of the hash │ slot + 1 (24 bits) │     0: empty
 * home = hash & (length - 1); a key stands at its home or after it, with no empty place between
 * ```
 *
 * - **Against a `Map`**: the hash is sampled ({@link sampledHash}), where V8 hashes the whole of a string that was just built; the slots hold hashes, so
 *   an eviction hashes nothing; 4 bytes a place.
 * - **Growth** never stops the program: the table is replaced by one of another length little by little, and lookups that
 *   find nothing in the new one ask the former, until all words were moved.
 * - **Removal** closes the gap by moving words back (Knuth, TAOCP 3, 6.4 algorithm R), so a table under churn never degrades.
 * - **Flooding**: when many inserted keys have the same hash as others, by chance or by intent, the table is replaced by one with
 *   {@link keyedHash}, for good.
 *
 * All O(1) on average. `checkInvariants` is O(n).
 */
export class KeyIndex {
  /** The hash of each taken slot, as of the table that its word is in. */
  readonly hashes: Int32Pages = new Int32Pages();
  readonly #refs: SlotRefs;
  readonly #seed: number;
  readonly #secret: number;
  #isKeyed = false;
  #table: Int32Array = new Int32Array(FIRST_LENGTH);
  #mask: number = FIRST_LENGTH - 1;
  #former: FormerTable | undefined;
  #size = 0;
  #insertCount = 0;
  #collisionCount = 0;
  /** More keys collided than chance explains. */
  #isSuspicious = false;

  constructor(refs: SlotRefs, random: RandomSource) {
    this.#refs = refs;
    this.#seed = (random.next() * 2 ** 32) | 0;
    this.#secret = (random.next() * 2 ** 32) | 0;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether it went over to the keyed hash. */
  get isKeyed(): boolean {
    return this.#isKeyed;
  }

  /** The hash to ask for a key with. May change when a key is inserted. */
  hash(key: string): number {
    return this.#isKeyed ? keyedHash(key, this.#seed, this.#secret) : sampledHash(key, this.#seed);
  }

  /** The slot of a key, or {@link NO_SLOT}. */
  find(key: string, hash: number): number {
    const table = this.#table;
    const mask = this.#mask;
    let at = hash & mask;
    let word = table[at] as number;
    while (word !== 0) {
      if (((word ^ hash) & TAG_MASK) === 0) {
        const slot = (word & SLOT_MASK) - 1;
        if (this.#refs.key(slot) === key) return slot;
      }
      at = (at + 1) & mask;
      word = table[at] as number;
    }
    return this.#former === undefined ? NO_SLOT : this.#findFormer(this.#former, key, hash);
  }

  /**
   * Adds a key that is not there, under a slot that is free; `hashes` has room for it.
   *
   * @returns its hash, which is another one than `hash` when the index went over to {@link keyedHash} just now
   * @throws RangeError when the platform has no room for a larger table; then nothing changed
   */
  insert(key: string, hash: number, slot: number): number {
    const placedHash = this.#isSuspicious ? this.#defend(key, hash) : hash;
    if (this.#former !== undefined) this.#move(this.#former);
    else if ((this.#size + 1) * PLACES_PER_KEY > this.#mask + 1) this.#replace((this.#mask + 1) * 2);
    this.#put(placedHash, slot);
    this.hashes.set(slot, placedHash);
    this.#size += 1;
    this.#countInsertion();
    return placedHash;
  }

  /** Gives the slot of one key to another that is not there: as `remove` and `insert`, in one. Cannot fail. @returns as `insert` does */
  rename(slot: number, key: string, hash: number): number {
    const placedHash = this.#isSuspicious ? this.#defend(key, hash) : hash;
    this.#takeOut(slot);
    if (this.#former !== undefined) this.#move(this.#former);
    this.#put(placedHash, slot);
    this.hashes.set(slot, placedHash);
    this.#countInsertion();
    return placedHash;
  }

  /** Takes out the key of a slot. Cannot fail. */
  remove(slot: number): void {
    this.#takeOut(slot);
    this.#size -= 1;
    if (this.#former !== undefined) this.#move(this.#former);
    else if (this.#mask >= FIRST_LENGTH * 4 && this.#size * 16 < (this.#mask + 1) * MIN_FILLED_SIXTEENTHS)
      this.#shrink();
  }

  /** Back to nothing, but for the choice of the hash. */
  clear(): void {
    this.hashes.clear();
    this.#table = new Int32Array(FIRST_LENGTH);
    this.#mask = FIRST_LENGTH - 1;
    this.#former = undefined;
    this.#size = 0;
    this.#insertCount = 0;
    this.#collisionCount = 0;
    this.#isSuspicious = false;
  }

  /** Throws when a key cannot be found, or a word stands for nothing. `slots`: every taken one. O(n) */
  checkInvariants(slots: Iterable<number>): void {
    let count = 0;
    for (const slot of slots) {
      count += 1;
      const key = this.#refs.key(slot) as string;
      if (this.find(key, this.hash(key)) !== slot) throw new Error(`key index: slot ${slot} is not found by its key`);
    }
    const words = [...this.#table, ...(this.#former?.table ?? [])].filter((word) => (word & SLOT_MASK) !== 0);
    if (words.length !== count || this.#size !== count) {
      throw new Error(`key index: ${words.length} words and a size of ${this.#size} for ${count} keys`);
    }
  }

  #countInsertion(): void {
    this.#insertCount += 1;
    if (this.#insertCount < WATCHED_COUNT) return;
    this.#insertCount = 0;
    this.#collisionCount = 0;
  }

  /** Writes the word of a key that is inserted, and counts keys with the same hash. */
  #put(hash: number, slot: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let at = hash & mask;
    for (let word = table[at] as number; word !== 0; word = table[at] as number) {
      // Only a word with the same tag can have the same hash.
      if (((word ^ hash) & TAG_MASK) === 0 && this.hashes.get((word & SLOT_MASK) - 1) === hash) this.#countCollision();
      at = (at + 1) & mask;
    }
    table[at] = (hash & TAG_MASK) | (slot + 1);
  }

  /** Writes the word of a key that comes from the former table. Its collisions were counted when it was inserted. */
  #carryOver(hash: number, slot: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let at = hash & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = (hash & TAG_MASK) | (slot + 1);
  }

  #countCollision(): void {
    this.#collisionCount += 1;
    if (this.#collisionCount > MAX_COLLISION_COUNT) this.#isSuspicious = !this.#isKeyed;
  }

  #takeOut(slot: number): void {
    const hash = this.hashes.get(slot);
    if (!this.#removeFrom(hash, slot)) this.#removeFormer(hash, slot);
  }

  #findFormer(former: FormerTable, key: string, hash: number): number {
    const { table, isKeyed } = former;
    const mask = table.length - 1;
    const formerHash = isKeyed === this.#isKeyed ? hash : sampledHash(key, this.#seed);
    let at = formerHash & mask;
    for (let word = table[at] as number; word !== 0; word = table[at] as number) {
      const slot = (word & SLOT_MASK) - 1;
      if (slot !== NO_SLOT && ((word ^ formerHash) & TAG_MASK) === 0 && this.#refs.key(slot) === key) return slot;
      at = (at + 1) & mask;
    }
    return NO_SLOT;
  }

  #removeFrom(hash: number, slot: number): boolean {
    const table = this.#table;
    const mask = this.#mask;
    let hole = hash & mask;
    for (let word = table[hole] as number; (word & SLOT_MASK) !== slot + 1; word = table[hole] as number) {
      if (word === 0) return false;
      hole = (hole + 1) & mask;
    }
    let at = (hole + 1) & mask;
    for (let word = table[at] as number; word !== 0; word = table[at] as number) {
      const home = this.hashes.get((word & SLOT_MASK) - 1) & mask;
      // A word may fill the hole unless its home lies behind the hole.
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = word;
        hole = at;
      }
      at = (at + 1) & mask;
    }
    table[hole] = 0;
    return true;
  }

  #removeFormer(hash: number, slot: number): void {
    const { table } = this.#former as FormerTable;
    const mask = table.length - 1;
    let at = hash & mask;
    while (((table[at] as number) & SLOT_MASK) !== slot + 1) at = (at + 1) & mask;
    table[at] = MOVED;
  }

  #shrink(): void {
    try {
      this.#replace((this.#mask + 1) / 4);
    } catch {
      // No room even for a smaller table: this one does as well.
    }
  }

  /** Begins to go over to a table of another length, or another hash. */
  #replace(length: number, isKeyed: boolean = this.#isKeyed): void {
    const table = new Int32Array(length);
    this.#former = { table: this.#table, isKeyed: this.#isKeyed, moved: 0 };
    this.#isKeyed = isKeyed;
    this.#table = table;
    this.#mask = length - 1;
    this.#move(this.#former);
  }

  /** Goes on with it. */
  #move(former: FormerTable): void {
    const { table } = former;
    const end = Math.min(former.moved + MOVE_COUNT, table.length);
    for (let at = former.moved; at < end; at += 1) {
      const word = table[at] as number;
      const slot = (word & SLOT_MASK) - 1;
      if (slot === NO_SLOT) continue;
      if (former.isKeyed !== this.#isKeyed) this.hashes.set(slot, this.hash(this.#refs.key(slot) as string));
      table[at] = MOVED;
      this.#carryOver(this.hashes.get(slot), slot);
    }
    former.moved = end;
    if (end === table.length) this.#former = undefined;
  }

  /** Goes over to the keyed hash. A replacement that is under way is finished first. @returns the hash of a key from now on */
  #defend(key: string, hash: number): number {
    this.#isSuspicious = false;
    this.#collisionCount = 0;
    while (this.#former !== undefined) this.#move(this.#former);
    try {
      this.#replace(this.#mask + 1, true);
    } catch {
      // No room for another table: slow keys are better than none. It is tried again when as many have collided.
      return hash;
    }
    return this.hash(key);
  }
}
