import { hashString } from "../../foundation/hash.ts";

/** Keys that are remembered: 8 bytes or so each in a map. */
const MAX_REMEMBERED_COUNT = 262_144;
const HASH_SPACE = 2 ** 32;

/** How much a trace asks for. */
export interface TraceFootprint {
  readonly requestCount: number;
  readonly requestBytes: number;
  /** Different keys; exact up to 262,144, then right within half a percent or so. */
  readonly distinctCount: number;
  /** Bytes of all different keys together, each with its last size. */
  readonly distinctBytes: number;
}

/** The hash that decides whether a key is in a sample. Independent of what eviction policies hash with. */
export function sampleHash(key: string): number {
  return hashString(key);
}

/**
 * Counts the different keys of a trace in bounded memory: only keys whose hash is below a threshold are remembered, and when those are too many, the threshold is
 * halved. As each key is in or out by its hash alone, what is remembered is a sample of keys, and the threshold says of how many.
 *
 * The idea is the adaptive sampling of SHARDS: C. Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015
 * (https://www.usenix.org/conference/fast15/technical-sessions/presentation/waldspurger).
 */
export class FootprintCounter {
  readonly #sizes = new Map<number, number>();
  #threshold = HASH_SPACE;
  #requestCount = 0;
  #requestBytes = 0;

  /** Counts a request. Amortized O(1). */
  add(key: string, sizeBytes: number): void {
    this.#requestCount += 1;
    this.#requestBytes += sizeBytes;
    const hash = sampleHash(key);
    if (hash >= this.#threshold) return;
    this.#sizes.set(hash, sizeBytes);
    while (this.#sizes.size > MAX_REMEMBERED_COUNT) this.#halve();
  }

  /** What was counted until now. O(remembered keys). */
  footprint(): TraceFootprint {
    const rate = this.#threshold / HASH_SPACE;
    let sampledBytes = 0;
    for (const sizeBytes of this.#sizes.values()) sampledBytes += sizeBytes;
    return {
      requestCount: this.#requestCount,
      requestBytes: this.#requestBytes,
      distinctCount: Math.round(this.#sizes.size / rate),
      distinctBytes: Math.round(sampledBytes / rate),
    };
  }

  #halve(): void {
    this.#threshold /= 2;
    for (const hash of this.#sizes.keys()) if (hash >= this.#threshold) this.#sizes.delete(hash);
  }
}
