/** A `Map` from keys to entry objects in a circle, with CLOCK bits in the objects. */
export class MapToObject {
  #index = new Map();
  #hand = undefined;
  #capacity;
  constructor(capacity) {
    this.#capacity = capacity;
  }
  get(key) {
    const entry = this.#index.get(key);
    if (entry === undefined) return undefined;
    entry.bit = 1;
    return entry.value;
  }
  set(key, value) {
    const entry = this.#index.get(key);
    if (entry !== undefined) {
      entry.value = value;
      entry.bit = 1;
      return;
    }
    if (this.#index.size < this.#capacity) {
      const made = { key, value, bit: 0, next: undefined };
      if (this.#hand === undefined) made.next = made;
      else {
        made.next = this.#hand.next;
        this.#hand.next = made;
      }
      this.#hand = made;
      this.#index.set(key, made);
      return;
    }
    let at = this.#hand.next;
    while (at.bit === 1) {
      at.bit = 0;
      at = at.next;
    }
    this.#hand = at;
    this.#index.delete(at.key);
    at.key = key;
    at.value = value;
    this.#index.set(key, at);
  }
}
