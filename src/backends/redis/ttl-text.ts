/** TTLs from here on (3,000 years) are none: added to the time of day they could leave what Redis takes. */
const ENDLESS_MS = 1e14;

/** A TTL as scripts and commands take it: whole milliseconds, rounded up, so that nothing ends early; `"0"` for ever. */
export function ttlText(ttlMs: number): string {
  return ttlMs >= ENDLESS_MS ? "0" : String(Math.max(1, Math.ceil(ttlMs)));
}

/** How long data is kept beyond its end, as scripts take it: whole milliseconds, `"0"` for not at all. At most as long as the longest TTL. */
export function staleText(staleMs: number | undefined): string {
  return staleMs === undefined || staleMs <= 0 ? "0" : String(Math.min(ENDLESS_MS, Math.ceil(staleMs)));
}
