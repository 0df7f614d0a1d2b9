import type { EntryStanding } from "./load-decision.ts";

/** How long what is over may be used, in ms from its end. */
export interface StalePolicy {
  /** Served at once while it is loaded anew. */
  readonly revalidateMs: number;
  /** Served when the loader or the store fails or is slow. */
  readonly graceMs: number;
}

/** Where an entry stands that ends, or ended, at `expiresAt`, both by the wall clock in ms. Whether a live one is aging is not looked at here. */
export function standingAt(expiresAt: number, nowMs: number, { revalidateMs, graceMs }: StalePolicy): EntryStanding {
  const overMs = nowMs - expiresAt;
  if (overMs < 0) return "fresh";
  if (overMs < revalidateMs) return "revalidatable";
  return overMs < graceMs ? "graceful" : "none";
}
