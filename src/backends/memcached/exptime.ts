/** Up to this a server takes the number as seconds from now, above it as seconds since the epoch. */
const MAX_RELATIVE_SECONDS = 30 * 86_400;
/** The server's number has 31 bits; one that is larger ends the item at once (seen on 1.6.18). */
const MAX_ABSOLUTE_SECONDS = 2 ** 31 - 1;

/**
 * The server's TTL (flag `T`) for an entry that may live this long, never shorter: a server counts in whole ticks of a second, and
 * the first one may be almost over, so one is added. 0 is "never", also for what ends after 2038, beyond the server's numbers.
 *
 * @param ttlMs > 0, or `Infinity`
 * @param nowMs wall clock, for TTLs over 30 days, which the server takes as instants of its own wall clock
 */
export function exptimeSeconds(ttlMs: number, nowMs: number): number {
  if (ttlMs === Number.POSITIVE_INFINITY) return 0;
  const seconds = Math.ceil(Math.max(ttlMs, 1) / 1_000) + 1;
  if (seconds <= MAX_RELATIVE_SECONDS) return seconds;
  const absolute = Math.ceil((nowMs + ttlMs) / 1_000) + 1;
  return absolute > MAX_ABSOLUTE_SECONDS ? 0 : absolute;
}
