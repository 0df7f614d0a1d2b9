import type { RandomSource } from "../foundation/random-source.ts";

/** When a live entry is loaded anew before it ends. */
export interface EarlyRefreshPolicy {
  /** Share of the TTL after which the next caller refreshes; 1: never. */
  readonly refreshAheadRatio: number;
  /** Weight of the probabilistic early refresh; 0: none. */
  readonly earlyRefreshBeta: number;
}

/** What is known of the entry and of its loads. */
export interface AgingEntry {
  /** What is left of its TTL, in ms. */
  readonly remainingMs: number;
  /** The TTL that it was written with, in ms. */
  readonly ttlMs: number;
  /** How long its load takes, in ms; 0 when nobody knows. */
  readonly loadMs: number;
}

/** Whether a policy ever refreshes early. */
export function refreshesEarly({ refreshAheadRatio, earlyRefreshBeta }: EarlyRefreshPolicy): boolean {
  return refreshAheadRatio < 1 || earlyRefreshBeta > 0;
}

/**
 * Whether this call refreshes a live entry.
 *
 * The probabilistic refresh: each call draws a time ahead of the end, exponentially distributed with the mean `beta · loadMs`, and refreshes when it reaches the end.
 * The closer the end and the slower the load, the likelier; with any number of callers some one call does it early, and a herd is unlikely.
 *
 * Source: A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015 (XFetch; `beta` 1 is optimal there).
 */
export function isRefreshDue(entry: AgingEntry, policy: EarlyRefreshPolicy, random: RandomSource): boolean {
  const { remainingMs, ttlMs, loadMs } = entry;
  if (remainingMs === Number.POSITIVE_INFINITY) return false;
  // A TTL without an end is not the one that this entry has: its loader said that one elsewhere.
  const isTtlKnown = ttlMs !== Number.POSITIVE_INFINITY;
  if (isTtlKnown && policy.refreshAheadRatio < 1 && ttlMs - remainingMs >= ttlMs * policy.refreshAheadRatio)
    return true;
  if (policy.earlyRefreshBeta === 0 || loadMs === 0) return false;
  // 1 - next() lies above 0, so the logarithm is finite.
  return -Math.log(1 - random.next()) * policy.earlyRefreshBeta * loadMs >= remainingMs;
}
