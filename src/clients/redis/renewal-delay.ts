/** How long before their end credentials are replaced: a minute, or a fifth of their time when that is less. */
const MARGIN_MS = 60_000;
const MARGIN_RATIO = 0.2;
/** Shortest time between two renewals, for a clock that is wrong or credentials that were over when they came. */
const MIN_DELAY_MS = 250;

/** After how many ms credentials are replaced that end in `leftMs`. */
export function renewalDelayMs(leftMs: number): number {
  return Math.max(MIN_DELAY_MS, leftMs - Math.min(MARGIN_MS, leftMs * MARGIN_RATIO));
}
