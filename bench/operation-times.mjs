/** Durations below this are only counted; above, each is kept with its instant. */
const LONG_MS = 0.05;
/** Buckets of the histogram per factor of two, and the shortest time it tells apart. */
const BUCKETS_PER_OCTAVE = 16;
const SHORTEST_MS = 0.00002;
const BUCKET_COUNT = 32 * BUCKETS_PER_OCTAVE;
/** So many long operations are kept; more are counted. */
const MAX_LONG_COUNT = 2 ** 20;

/** The durations of single operations, with little cost and no garbage while they are noted. */
export class OperationTimes {
  #counts = new Float64Array(BUCKET_COUNT);
  #longStarts = new Float64Array(MAX_LONG_COUNT);
  #longDurations = new Float64Array(MAX_LONG_COUNT);
  #longCount = 0;
  #count = 0;

  /**
   * @param {number} startMs
   * @param {number} endMs
   */
  note(startMs, endMs) {
    const durationMs = endMs - startMs;
    this.#count += 1;
    const octave = Math.log2(Math.max(durationMs, SHORTEST_MS) / SHORTEST_MS);
    this.#counts[Math.min(BUCKET_COUNT - 1, Math.floor(octave * BUCKETS_PER_OCTAVE))] += 1;
    if (durationMs < LONG_MS || this.#longCount === MAX_LONG_COUNT) return;
    this.#longStarts[this.#longCount] = startMs;
    this.#longDurations[this.#longCount] = durationMs;
    this.#longCount += 1;
  }

  /** @param {number} ratio @returns {number} ms, at most 4 % too long */
  quantileMs(ratio) {
    let remaining = this.#count * ratio;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      remaining -= this.#counts[bucket] ?? 0;
      if (remaining <= 0) return SHORTEST_MS * 2 ** ((bucket + 1) / BUCKETS_PER_OCTAVE);
    }
    return Number.POSITIVE_INFINITY;
  }

  /**
   * The longest operations, by what was in them.
   *
   * @param {readonly import("./gc-watch.mjs").GcPause[]} pauses in the order of their start
   */
  longest(pauses) {
    const result = { longestMs: 0, longestWithGcMs: 0, longestWithoutGcMs: 0, longestGcShareMs: 0 };
    for (let index = 0; index < this.#longCount; index += 1) {
      const startMs = this.#longStarts[index] ?? 0;
      const durationMs = this.#longDurations[index] ?? 0;
      const gcMs = overlapMs(startMs, startMs + durationMs, pauses);
      if (durationMs > result.longestMs) Object.assign(result, { longestMs: durationMs, longestGcShareMs: gcMs });
      const field = gcMs > 0 ? "longestWithGcMs" : "longestWithoutGcMs";
      result[field] = Math.max(result[field], durationMs);
    }
    return result;
  }
}

/**
 * @param {number} startMs
 * @param {number} endMs
 * @param {readonly import("./gc-watch.mjs").GcPause[]} pauses
 */
function overlapMs(startMs, endMs, pauses) {
  // Binary search for the last pause that begins before the end; pauses do not overlap each other.
  let low = 0;
  let high = pauses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pauses[middle]?.startMs ?? 0) < endMs) low = middle + 1;
    else high = middle;
  }
  let totalMs = 0;
  for (let index = low - 1; index >= 0; index -= 1) {
    const pause = pauses[index];
    if (pause === undefined || pause.startMs + pause.durationMs <= startMs) break;
    totalMs += Math.min(endMs, pause.startMs + pause.durationMs) - Math.max(startMs, pause.startMs);
  }
  return totalMs;
}
