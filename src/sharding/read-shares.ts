import type { RandomSource } from "../foundation/random-source.ts";

/** Keys that are watched at a time. A key with more than 1/128 of the reads is among them. */
const WATCHED_COUNT = 128;
/** One read in so many is looked at, on average. */
const MAX_STRIDE = 8;
/** Counts are halved after so many samples, so that a key cools down. */
const WINDOW_SAMPLES = 4_096;
/** Fewer samples say nothing about shares. */
const MIN_SAMPLES = 256;

interface WatchedKey {
  count: number;
  /** How much of the count may be other keys'. */
  error: number;
}

/**
 * Finds the keys that take more than a share of all reads, in bounded memory. O(1), and O(watched keys) when one key takes another's place.
 *
 * Source: A. Metwally, D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (Space-Saving), 2005; with
 * sampling and halving.
 */
export class ReadShares {
  readonly #random: RandomSource;
  readonly #share: number;
  readonly #watched = new Map<string, WatchedKey>();
  #sampleCount = 0;
  #untilSample = 1;

  /** @param share of all reads from which a key counts as hot, 0 … 1 */
  constructor(share: number, random: RandomSource) {
    this.#share = share;
    this.#random = random;
  }

  /** Counts a read. @returns whether the key is hot */
  count(key: string): boolean {
    this.#untilSample -= 1;
    if (this.#untilSample <= 0) {
      // A random stride, so that reads that come in a pattern are not missed for ever.
      this.#untilSample = 1 + Math.floor(this.#random.next() * (2 * MAX_STRIDE - 1));
      this.#sample(key);
    }
    return this.isHot(key);
  }

  /** Whether a key had more than the share of the reads lately, by what is certain. */
  isHot(key: string): boolean {
    if (this.#sampleCount < MIN_SAMPLES) return false;
    const watched = this.#watched.get(key);
    return watched !== undefined && watched.count - watched.error > this.#share * this.#sampleCount;
  }

  #sample(key: string): void {
    this.#sampleCount += 1;
    const watched = this.#watched.get(key);
    if (watched !== undefined) watched.count += 1;
    else if (this.#watched.size < WATCHED_COUNT) this.#watched.set(key, { count: 1, error: 0 });
    else this.#replaceRarest(key);
    if (this.#sampleCount >= WINDOW_SAMPLES) this.#halve();
  }

  #replaceRarest(key: string): void {
    let rarest = "";
    let least = Number.POSITIVE_INFINITY;
    for (const [candidate, { count }] of this.#watched) {
      if (count >= least) continue;
      least = count;
      rarest = candidate;
    }
    this.#watched.delete(rarest);
    this.#watched.set(key, { count: least + 1, error: least });
  }

  #halve(): void {
    this.#sampleCount /= 2;
    for (const watched of this.#watched.values()) {
      watched.count /= 2;
      watched.error /= 2;
    }
  }
}
