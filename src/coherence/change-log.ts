import { hashString } from "../foundation/hash.ts";

/** Room that a log begins with, in entries; doubled until it has its length. */
const FIRST_ROOM = 16;

/** Changes that were heard of and have no place on the chain yet; with more of them what they concern is not known any more. */
const MAX_NOTES = 1_024;

/** A floor above every head: nothing is known. */
const NOTHING_KNOWN: number = Number.POSITIVE_INFINITY;

/**
 * The last links of a shard's chain of changes, each with the names of what it concerned: keys, or tags for the clock of tags. Says of a head of some time ago whether it was one of the
 * chain, and whether a name was concerned since.
 *
 * ```text
 * floor ──▶ 100 key a ──▶ 107 key b ──▶ 133 key a          head 107: on the chain; a was changed since, b was not
 *   └─ of what was before nothing is known                  head 110: not on the chain, so it proves nothing
 * ```
 *
 * Names are kept as hashes of 32 bits. Two with the same one are taken for each other, which makes a copy look changed that is not, and never the other way round.
 *
 * A full log forgets its oldest links, and its floor rises. A link of which nobody said what it concerned may have concerned anything: the log begins anew at it.
 */
export class ChangeLog {
  readonly #length: number;
  /** Rings; versions rise, and are there several times where a change concerned several names. */
  #versions = new Float64Array(0);
  #hashes = new Int32Array(0);
  #start = 0;
  #count = 0;
  #floor = NOTHING_KNOWN;
  readonly #notes = new Map<number, readonly string[]>();

  /** @param length most links that are kept; a power of two from 16 on */
  constructor(length: number) {
    this.#length = length;
  }

  /** A change was heard of that may be linked now or later. `names`: what it concerned; `undefined`: anything. */
  note(version: number, names: readonly string[] | undefined): void {
    if (names === undefined) return;
    if (this.#notes.size >= MAX_NOTES) this.#notes.clear();
    this.#notes.set(version, names);
  }

  /** The chain leads on to this version. */
  append(version: number): void {
    const names = this.#notes.get(version);
    if (names === undefined || this.#floor === NOTHING_KNOWN) {
      this.restart(version);
      return;
    }
    this.#notes.delete(version);
    for (const name of names) this.#push(version, hashName(name));
  }

  /** The chain goes on from a head without its changes. */
  restart(head: number): void {
    this.#floor = head;
    this.#start = 0;
    this.#count = 0;
    for (const version of this.#notes.keys()) if (version <= head) this.#notes.delete(version);
  }

  /** Whether a head is of the chain, and none of these names was concerned since. O(log n), and O(1) for each link since. */
  isUnchanged(head: number, names: readonly string[]): boolean {
    const at = this.#firstAbove(head);
    if (head !== this.#floor && (at === 0 || this.#versionAt(at - 1) !== head)) return false;
    const hashes = names.map(hashName);
    for (let place = at; place < this.#count; place += 1) if (hashes.includes(this.#hashAt(place))) return false;
    return true;
  }

  /** Whether it was this name that got a version, or that is so long ago that nobody can say. O(log n). */
  mayHaveGiven(version: number, name: string): boolean {
    if (version <= this.#floor) return true;
    const hash = hashName(name);
    for (let place = this.#firstAbove(version) - 1; place >= 0 && this.#versionAt(place) === version; place -= 1) {
      if (this.#hashAt(place) === hash) return true;
    }
    return false;
  }

  /** How much of the log a head has behind it: 0 for the newest, 1 for one that is about to be forgotten. */
  ageRatioOf(head: number): number {
    return (this.#count - this.#firstAbove(head)) / this.#length;
  }

  #push(version: number, hash: number): void {
    if (this.#count === this.#length) {
      this.#floor = this.#versionAt(0);
      this.#start = (this.#start + 1) % this.#versions.length;
      this.#count -= 1;
    } else if (this.#count === this.#versions.length) {
      this.#grow();
    }
    const at = (this.#start + this.#count) % this.#versions.length;
    this.#versions[at] = version;
    this.#hashes[at] = hash;
    this.#count += 1;
  }

  #grow(): void {
    const room = Math.max(FIRST_ROOM, 2 * this.#versions.length);
    const versions = new Float64Array(room);
    const hashes = new Int32Array(room);
    for (let place = 0; place < this.#count; place += 1) {
      versions[place] = this.#versionAt(place);
      hashes[place] = this.#hashAt(place);
    }
    this.#versions = versions;
    this.#hashes = hashes;
    this.#start = 0;
  }

  /** The first place whose version is above a head. */
  #firstAbove(head: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#versionAt(middle) > head) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #versionAt(place: number): number {
    return this.#versions[(this.#start + place) % this.#versions.length] as number;
  }

  #hashAt(place: number): number {
    return this.#hashes[(this.#start + place) % this.#hashes.length] as number;
  }
}

/** Signed, as the ring has it. */
function hashName(name: string): number {
  return hashString(name) | 0;
}
