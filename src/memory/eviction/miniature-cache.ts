import { ReuseClock } from "./reuse-clock.ts";

/** Index places per entry: most lookups look at one place. */
const PLACES_PER_ENTRY = 4;

/**
 * A cache of a few hundred hashes that holds no values: it shows how many of the requests it sees would be hits with a given
 * window. All O(1); no operation allocates but `fit`.
 *
 * Source of the idea: Waldspurger, Saemundsson, Ahmad, Park, "Cache Modeling and Optimization using Miniature Simulations",
 * USENIX ATC 2017, https://www.usenix.org/conference/atc17/technical-sessions/presentation/waldspurger
 */
export class MiniatureCache {
  /** Hits since this was last set to 0. */
  hits = 0;
  readonly #clock: ReuseClock;
  #capacityCount: number;
  /** Open addressing: of each place, the slot + 1, or 0. A hash stands at its home or after it, with no empty place between. */
  #places: Int16Array;
  /** By slot. */
  #hashes: Int32Array;
  #freeSlots: number[] = [];
  #slotCount = 0;

  constructor(capacityCount: number, windowRatio: number) {
    this.#capacityCount = capacityCount;
    this.#clock = new ReuseClock(capacityCount, windowRatio);
    this.#places = new Int16Array(placeCountFor(capacityCount));
    this.#hashes = new Int32Array(capacityCount);
  }

  /** Asks for each of the first `count` hashes, and keeps those that were not there. */
  request(hashes: Int32Array, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const hash = hashes[index] as number;
      const slot = this.#find(hash);
      if (slot < 0) {
        if (this.#clock.size >= this.#capacityCount) this.#replace(this.#clock.victim(), hash);
        else this.#insert(hash);
      } else {
        this.hits += 1;
        this.#clock.touched(slot);
      }
    }
  }

  /** Changes the capacity and the sample: hashes above `threshold` leave, and what does not fit. O(entries). */
  fit(capacityCount: number, threshold: number): void {
    for (const slot of this.#slots()) if (this.#hashOf(slot) > threshold) this.#remove(slot);
    this.#capacityCount = capacityCount;
    while (this.#clock.size > capacityCount) this.#remove(this.#clock.victim());
    this.#clock.fit(capacityCount);
    if (this.#hashes.length < capacityCount) {
      const hashes = new Int32Array(capacityCount);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    const placeCount = placeCountFor(capacityCount);
    if (placeCount === this.#places.length) return;
    const slots = this.#slots();
    this.#places = new Int16Array(placeCount);
    for (const slot of slots) this.#places[this.#emptyPlace(this.#hashOf(slot))] = slot + 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.hits = 0;
    this.#clock.clear();
    this.#places.fill(0);
    this.#freeSlots = [];
    this.#slotCount = 0;
  }

  /** Throws when index and entries differ. O(n). */
  checkInvariants(): void {
    this.#clock.checkInvariants();
    if (this.#clock.size > this.#capacityCount) throw new Error("miniature cache: above its capacity");
    const slots = this.#slots();
    if (slots.length !== this.#clock.size) throw new Error("miniature cache: index and order differ in size");
    for (const slot of slots)
      if (this.#find(this.#hashOf(slot)) !== slot) throw new Error(`miniature cache: slot ${slot} is not found`);
  }

  #hashOf(slot: number): number {
    return this.#hashes[slot] as number;
  }

  #slots(): number[] {
    return [...this.#places].filter((place) => place !== 0).map((place) => place - 1);
  }

  #find(hash: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (places[at] as number) - 1;
      if (slot < 0 || this.#hashOf(slot) === hash) return slot;
    }
  }

  #insert(hash: number): void {
    const slot = this.#freeSlots.length > 0 ? (this.#freeSlots.pop() as number) : this.#slotCount++;
    this.#places[this.#emptyPlace(hash)] = slot + 1;
    this.#hashes[slot] = hash;
    this.#clock.inserted(slot, hash);
  }

  #replace(slot: number, hash: number): void {
    const formerHash = this.#hashOf(slot);
    this.#dropPlace(formerHash, slot + 1);
    this.#places[this.#emptyPlace(hash)] = slot + 1;
    this.#hashes[slot] = hash;
    this.#clock.replaced(slot, formerHash, hash);
  }

  #remove(slot: number): void {
    const hash = this.#hashOf(slot);
    this.#dropPlace(hash, slot + 1);
    this.#clock.removed(slot, hash);
    this.#freeSlots.push(slot);
  }

  #emptyPlace(hash: number): number {
    const mask = this.#places.length - 1;
    let at = hash & mask;
    while (this.#places[at] !== 0) at = (at + 1) & mask;
    return at;
  }

  /** Empties a place and moves those after it up, where they may stand nearer to their homes. */
  #dropPlace(hash: number, place: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = hash & mask;
    while (places[hole] !== place) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashOf((places[at] as number) - 1) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      places[hole] = places[at] as number;
      hole = at;
    }
    places[hole] = 0;
  }
}

function placeCountFor(capacityCount: number): number {
  return 1 << Math.ceil(Math.log2(PLACES_PER_ENTRY * capacityCount));
}
