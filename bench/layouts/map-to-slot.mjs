/** A `Map` from keys to slots, values and CLOCK bits in arrays. */
export class MapToSlot {
  #index = new Map();
  #keys;
  #values;
  #bits;
  #hand = 0;
  #count = 0;
  #capacity;
  constructor(capacity) {
    this.#capacity = capacity;
    this.#keys = new Array(capacity).fill(undefined);
    this.#values = new Array(capacity).fill(undefined);
    this.#bits = new Uint8Array(capacity);
  }
  get(key) {
    const slot = this.#index.get(key);
    if (slot === undefined) return undefined;
    this.#bits[slot] = 1;
    return this.#values[slot];
  }
  set(key, value) {
    let slot = this.#index.get(key);
    if (slot === undefined) {
      if (this.#count < this.#capacity) slot = this.#count++;
      else {
        slot = this.#victim();
        this.#index.delete(this.#keys[slot]);
      }
      this.#index.set(key, slot);
      this.#keys[slot] = key;
      this.#bits[slot] = 0;
    } else this.#bits[slot] = 1;
    this.#values[slot] = value;
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
