import type { RandomSource } from "./random-source.ts";

/** Bounds of the pauses between attempts, in ms. */
export interface BackoffBounds {
  /** Shortest pause. */
  readonly minMs: number;
  /** Longest pause. */
  readonly maxMs: number;
}

/**
 * The pause before attempt number `attempt` (0: the first repetition): a random length between the shortest pause and
 * `minMs · 2^attempt`, never above `maxMs`. Full jitter, so that clients that failed together do not come back together.
 *
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, { minMs, maxMs }: BackoffBounds, random: RandomSource): number {
  const ceilingMs = Math.min(maxMs, Math.max(minMs, 1) * 2 ** Math.min(attempt + 1, 40));
  return Math.min(maxMs, minMs + random.next() * Math.max(0, ceilingMs - minMs));
}
