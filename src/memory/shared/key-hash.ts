import type { SharedSlab } from "./shared-slab.ts";

/**
 * Two 32-bit hashes of a text under the slab's 64-bit seed, and whether the text fits into one byte a character. Two characters a
 * round: xor, multiply, fold, so that what collides under one seed does not under another. Whoever floods a bucket anyway only has
 * entries of that bucket evicted, for a bucket's list is bounded. O(length), about 2 ns a character; writes to fields, makes no object.
 */
export class KeyHash {
  /** Chooses the bucket. */
  low = 0;
  /** Tells the keys of a bucket apart. */
  high = 0;
  /** No character above 255. A property of the text, not of how the engine keeps it. */
  isNarrow = true;
  readonly #seedA: number;
  readonly #seedB: number;

  constructor(slab: SharedSlab) {
    this.#seedA = slab.seedA;
    this.#seedB = slab.seedB;
  }

  /**
   * Hashes a text.
   *
   * @param salt keeps keys, tags and namespaces apart
   */
  set(text: string, salt = 0): void {
    const { length } = text;
    let low = this.#seedA ^ salt;
    let high = this.#seedB ^ length;
    let seen = 0;
    let index = 0;
    for (; index + 1 < length; index += 2) {
      const first = text.charCodeAt(index);
      const second = text.charCodeAt(index + 1);
      seen |= first | second;
      low = Math.imul(low ^ (first | (second << 16)), 0x9e3779b1);
      low ^= low >>> 15;
      high = Math.imul(high ^ low, 0x85ebca77);
    }
    if (index < length) {
      const last = text.charCodeAt(index);
      seen |= last;
      low = Math.imul(low ^ last, 0xc2b2ae3d);
      low ^= low >>> 15;
      high = Math.imul(high ^ low, 0x85ebca77);
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
    low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    this.low = low ^ (low >>> 16);
    high = Math.imul(high ^ (high >>> 15), 0x27d4eb2f);
    this.high = high ^ (high >>> 16);
    this.isNarrow = seen <= 0xff;
  }
}
