import { mixHash } from "../../../src/foundation/hash.ts";

/** The counters' indices of a hash: the same places as in the real sketch, one in each row of its block. */
function placesOf(hash: number, blockCount: number): number[] {
  const blockHash = mixHash(hash);
  const product = Math.imul(blockHash, 0x31848bab);
  const bits = product ^ (product >>> 14);
  const block = (blockHash % blockCount) * 128;
  return [0, 1, 2, 3].map((row) => block + row * 32 + ((bits >>> (8 * row)) & 31));
}

/** A frequency sketch that halves all its counters at once. The number of blocks is a power of two. */
export class ReferenceSketch {
  readonly sampleSize: number;
  readonly #blockCount: number;
  #counts: number[];
  #additions = 0;

  constructor(capacityCount: number) {
    this.sampleSize = 10 * capacityCount;
    this.#blockCount = Math.max(1, 2 ** Math.ceil(Math.log2(capacityCount)) / 8);
    this.#counts = new Array<number>(this.#blockCount * 128).fill(0);
  }

  frequency(hash: number): number {
    return Math.min(...placesOf(hash, this.#blockCount).map((place) => this.#counts[place] as number));
  }

  increment(hash: number): void {
    const places = placesOf(hash, this.#blockCount).filter((place) => (this.#counts[place] as number) < 15);
    for (const place of places) this.#counts[place] = (this.#counts[place] as number) + 1;
    if (places.length === 0) return;
    this.#additions += 1;
    if (this.#additions >= this.sampleSize) this.#halve();
  }

  clear(): void {
    this.#counts.fill(0);
    this.#additions = 0;
  }

  #halve(): void {
    const oddCount = this.#counts.filter((count) => count % 2 === 1).length;
    this.#counts = this.#counts.map((count) => Math.floor(count / 2));
    this.#additions = Math.max(0, Math.floor((this.#additions - Math.floor(oddCount / 4)) / 2));
  }
}
