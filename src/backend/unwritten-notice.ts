/**
 * Changes that callers were told are done, and that the store will not get: it refused them for good, or the cache was closed before it took them. Of those that were on their way
 * nobody knows.
 */
export interface UnwrittenNotice {
  readonly kind: "unwritten";
  readonly reason: "refused" | "closed";
  readonly setCount: number;
  readonly deleteCount: number;
  /** The last failure. */
  readonly error?: unknown;
}
