/** Each power of two is divided into so many buckets, so a bucket is at most 1/32 wide: its middle is at most 1.6 % off. */
const BUCKETS_PER_OCTAVE = 32;
const OCTAVE_BITS = 5;
/** Longest time that is told apart, 2^31 µs (36 minutes); longer ones count as that. */
const MAX_MICROS = 0x7fff_ffff;
const BUCKET_COUNT: number = BUCKETS_PER_OCTAVE * (31 - OCTAVE_BITS + 1);

/** The buckets of a histogram that hold something, in rising order. */
export interface SparseLatencies {
  readonly buckets: Uint16Array;
  readonly counts: Uint32Array;
  /** Longest recorded time in ms, exact. */
  readonly maxMs: number;
}

/** What is said of many durations, in ms. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Exact, unlike the percentiles. */
  readonly maxMs: number;
}

/**
 * Counts durations in buckets of a constant relative width, as HdrHistogram does (https://hdrhistogram.github.io/HdrHistogram/): linear within a power of
 * two, so that recording is a shift and an addition, and 3.5 kB hold microseconds as well as minutes. Unlike there, what was recorded is taken out in a
 * sparse form, because many short windows are kept and most buckets of each are empty.
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKET_COUNT);
  #count = 0;
  #maxMs = 0;

  /** How many durations it holds. */
  get count(): number {
    return this.#count;
  }

  /** Counts a duration. What is no number or negative counts as 0. O(1), allocates nothing. */
  record(durationMs: number): void {
    const bucket = bucketOf(durationMs);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count += 1;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /** Counts what another histogram held. */
  add({ buckets, counts, maxMs }: SparseLatencies): void {
    for (const [index, bucket] of buckets.entries()) {
      const count = counts[index] as number;
      this.#counts[bucket] = (this.#counts[bucket] as number) + count;
      this.#count += count;
    }
    if (maxMs > this.#maxMs) this.#maxMs = maxMs;
  }

  /** Takes everything out; the histogram is empty then. O(buckets). */
  drain(): SparseLatencies {
    const buckets: number[] = [];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) buckets.push(bucket);
    const taken: SparseLatencies = {
      buckets: Uint16Array.from(buckets),
      counts: Uint32Array.from(buckets, (bucket) => this.#counts[bucket] as number),
      maxMs: this.#maxMs,
    };
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
    return taken;
  }

  /** Percentiles of what it holds, or `undefined` when it is empty. O(buckets). */
  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined;
    return {
      count: this.#count,
      p50Ms: this.#quantileMs(0.5),
      p95Ms: this.#quantileMs(0.95),
      p99Ms: this.#quantileMs(0.99),
      maxMs: this.#maxMs,
    };
  }

  #quantileMs(ratio: number): number {
    const wanted = Math.max(1, Math.ceil(ratio * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      // The middle of the last bucket may lie above everything that was recorded.
      if (seen >= wanted) return Math.min(middleMs(bucket), this.#maxMs);
    }
    return this.#maxMs;
  }
}

/**
 * ```
 * µs       0 … 31   32 … 63   64 … 127 (2 wide)   128 … 255 (4 wide)   …
 * bucket   0 … 31   32 … 63   64 … 95             96 … 127             …
 * ```
 */
function bucketOf(durationMs: number): number {
  const micros = durationMs > 0 ? Math.min(Math.round(durationMs * 1_000), MAX_MICROS) : 0;
  if (micros < BUCKETS_PER_OCTAVE) return micros;
  const shift = 31 - Math.clz32(micros) - OCTAVE_BITS;
  return (shift << OCTAVE_BITS) + (micros >>> shift);
}

function middleMs(bucket: number): number {
  if (bucket < 2 * BUCKETS_PER_OCTAVE) return bucket / 1_000;
  const shift = (bucket >>> OCTAVE_BITS) - 1;
  const lowest = (BUCKETS_PER_OCTAVE + (bucket & (BUCKETS_PER_OCTAVE - 1))) * 2 ** shift;
  return (lowest + 2 ** shift / 2) / 1_000;
}
