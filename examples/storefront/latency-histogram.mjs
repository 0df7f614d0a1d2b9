/** Below this many µs every µs has a bucket of its own; above it each power of two is cut into half as many buckets. */
const FINE_BUCKET_COUNT = 64;
const BUCKETS_PER_OCTAVE = FINE_BUCKET_COUNT / 2;
const OCTAVE_SHIFT = Math.log2(BUCKETS_PER_OCTAVE);
/** 2^26 µs are 67 s, more than any request may take; longer ones land in the last bucket. */
const OCTAVE_COUNT = 20;
const BUCKET_COUNT = FINE_BUCKET_COUNT + OCTAVE_COUNT * BUCKETS_PER_OCTAVE;

/**
 * Counts latencies in log-linear buckets, so that percentiles of millions of requests cost a few kilobytes and are
 * right within 3.2 %. The idea is that of HdrHistogram (http://hdrhistogram.org).
 *
 * ```text
 * bucket 0 … 63    0 µs … 63 µs          1 µs wide
 * bucket 64 … 95   64 µs … 127 µs        2 µs wide
 * bucket 96 … 127  128 µs … 255 µs       4 µs wide, and so on
 * ```
 */
export class LatencyHistogram {
  #counts = new Uint32Array(BUCKET_COUNT);
  #count = 0;
  #maxMs = 0;

  /** How many latencies were recorded. */
  get count() {
    return this.#count;
  }

  /** The longest latency, exactly; 0 when there is none. */
  get maxMs() {
    return this.#maxMs;
  }

  /** Counts one latency; negative ones count as 0. O(1). */
  record(latencyMs) {
    this.#counts[bucketOf(latencyMs * 1_000)] += 1;
    this.#count += 1;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
  }

  /** Adds everything another histogram has counted. O(buckets). */
  add(other) {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) this.#counts[bucket] += other.#counts[bucket];
    this.#count += other.#count;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** Forgets everything. */
  reset() {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  /**
   * The latency that a share of all requests stayed at or below: the middle of its bucket. O(buckets).
   *
   * @param {number} ratio 0 to 1, for example 0.99
   * @returns {number | undefined} ms, or undefined when nothing was recorded
   */
  percentileMs(ratio) {
    if (this.#count === 0) return undefined;
    const wanted = Math.max(1, Math.ceil(ratio * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      seen += this.#counts[bucket];
      if (seen >= wanted) return Math.min(middleOfBucketUs(bucket) / 1_000, this.#maxMs);
    }
    return this.#maxMs;
  }
}

function bucketOf(latencyUs) {
  const us = Math.max(0, Math.min(Math.floor(latencyUs), 2 ** 30));
  if (us < FINE_BUCKET_COUNT) return us;
  const octave = 31 - Math.clz32(us) - OCTAVE_SHIFT;
  const bucket = octave * BUCKETS_PER_OCTAVE + (us >>> octave);
  return Math.min(bucket, BUCKET_COUNT - 1);
}

function middleOfBucketUs(bucket) {
  if (bucket < FINE_BUCKET_COUNT) return bucket + 0.5;
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1;
  const step = bucket - octave * BUCKETS_PER_OCTAVE;
  return (step + 0.5) * 2 ** octave;
}
