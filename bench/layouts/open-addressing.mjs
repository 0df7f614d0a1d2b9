import { keyHash } from "./key-hash.mjs";

const SLOT_MASK = 0xffffff;
/** An own table: linear probing over words of an 8-bit tag and a slot; deletion shifts back. */
export class OpenAddressing {
  #table;
  #mask;
  #refs;
  #hashes;
  #bits;
  #hand = 0;
  #count = 0;
  #capacity;
  #seed = 0x9e3779b9;
  constructor(capacity) {
    this.#capacity = capacity;
    let size = 16;
    while (size * 0.6 < capacity) size *= 2;
    this.#table = new Int32Array(size);
    this.#mask = size - 1;
    this.#refs = new Array(capacity * 2).fill(undefined);
    this.#hashes = new Int32Array(capacity);
    this.#bits = new Uint8Array(capacity);
  }
  #find(key, hash) {
    const table = this.#table;
    const mask = this.#mask;
    const tag = hash & ~SLOT_MASK;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const word = table[at];
      if (word === 0) return -1;
      if ((word & ~SLOT_MASK) === tag) {
        const slot = (word & SLOT_MASK) - 1;
        if (this.#refs[slot * 2] === key) return slot;
      }
    }
  }
  get(key) {
    const slot = this.#find(key, keyHash(key, this.#seed));
    if (slot < 0) return undefined;
    this.#bits[slot] = 1;
    return this.#refs[slot * 2 + 1];
  }
  set(key, value) {
    const hash = keyHash(key, this.#seed);
    let slot = this.#find(key, hash);
    if (slot >= 0) {
      this.#bits[slot] = 1;
      this.#refs[slot * 2 + 1] = value;
      return;
    }
    if (this.#count < this.#capacity) slot = this.#count++;
    else {
      slot = this.#victim();
      this.#unlink(slot);
    }
    const table = this.#table;
    const mask = this.#mask;
    let at = hash & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = (hash & ~SLOT_MASK) | (slot + 1);
    this.#hashes[slot] = hash;
    this.#bits[slot] = 0;
    this.#refs[slot * 2] = key;
    this.#refs[slot * 2 + 1] = value;
  }
  #unlink(slot) {
    const table = this.#table;
    const mask = this.#mask;
    let hole = this.#hashes[slot] & mask;
    while ((table[hole] & SLOT_MASK) !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashes[(table[at] & SLOT_MASK) - 1] & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
  }
  #victim() {
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.#capacity ? 0 : slot + 1;
      if (this.#bits[slot] === 0) return slot;
      this.#bits[slot] = 0;
    }
  }
}
