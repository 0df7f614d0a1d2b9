import type { SharedSlab } from "./shared-slab.ts";

/** Cells that a name is spread over: an answer is wrong only when all of them were raised for other names. */
const SPREAD = 4;
const HIGH_UNIT = 2 ** 32;

/**
 * For names without number (tags, namespaces, keys) the newest version at which something happened to them, in a table of fixed size.
 *
 * A counting of time as in a Bloom filter: raising a name raises its cells to the version, and the answer for a name is the
 * smallest of its cells. So it is never too small; it is too large (an entry is ended without need) when others raised all
 * the cells: with n names raised since the entry was written, of m cells, in about (4n/m)^4 of cases. Nothing is ever forgotten or full.
 */
export class VersionCells {
  readonly #slab: SharedSlab;
  readonly #at: number;
  readonly #mask: number;

  /** @param at unit of the first cell; @param count a power of two */
  constructor(slab: SharedSlab, at: number, count: number) {
    this.#slab = slab;
    this.#at = at;
    this.#mask = count - 1;
  }

  /** Raises a name. A thread that is killed on the way leaves some cells raised: that alone changes no answer but to a right one. */
  raise(low: number, high: number, version: number): void {
    const wanted = BigInt(version);
    for (let index = 0; index < SPREAD; index += 1) this.#raiseCell(this.#cell(low, high, index), wanted);
  }

  /** Raises a name in one cell only. */
  raiseOne(low: number, high: number, version: number): void {
    this.#raiseCell(this.#cell(low, high, 0), BigInt(version));
  }

  /** The version a name was raised to, or a larger one; 0: never. */
  newest(low: number, high: number): number {
    let least = this.newestOne(low, high);
    for (let index = 1; index < SPREAD && least !== 0; index += 1) {
      least = Math.min(least, this.#read(this.#cell(low, high, index)));
    }
    return least;
  }

  /** As {@link VersionCells.newest}, for names that were raised by {@link VersionCells.raiseOne}. */
  newestOne(low: number, high: number): number {
    return this.#read(this.#cell(low, high, 0));
  }

  #cell(low: number, high: number, index: number): number {
    return this.#at + ((low + Math.imul(high | 1, index)) & this.#mask);
  }

  #raiseCell(cell: number, wanted: bigint): void {
    const { b64 } = this.#slab;
    let current = Atomics.load(b64, cell);
    while (current < wanted) {
      const found = Atomics.compareExchange(b64, cell, current, wanted);
      if (found === current) return;
      current = found;
    }
  }

  /** Without a bigint: halves change together and only grow, so an equal high half before and after makes them one number. */
  #read(cell: number): number {
    const { i32 } = this.#slab;
    let high = Atomics.load(i32, cell * 2 + 1);
    for (;;) {
      const low = Atomics.load(i32, cell * 2);
      const again = Atomics.load(i32, cell * 2 + 1);
      if (high === again) return high * HIGH_UNIT + (low >>> 0);
      high = again;
    }
  }
}
