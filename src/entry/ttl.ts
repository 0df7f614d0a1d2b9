import { type Duration, parseDuration } from "../foundation/duration.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";

/**
 * A time to live: a duration, `Infinity` or `false` for "never expires". `0` means "already over": the key ends up absent.
 */
export type Ttl = Duration | false;

/** Longest finite TTL: 100 years. Beyond it a caller most likely mixed up units. */
export const MAX_TTL_MS: number = 100 * 365.25 * 86_400_000;

/**
 * Turns what a caller wrote into milliseconds.
 *
 * @returns milliseconds ≥ 0, or `Infinity`
 * @throws InvalidArgumentError `GCX_ARGUMENT_TTL` when it is negative, NaN, above 100 years, or no duration
 */
export function resolveTtlMs(ttl: Ttl): number {
  if (ttl === false || ttl === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const ttlMs = typeof ttl === "string" ? parseDuration(ttl) : ttl;
  if (typeof ttlMs !== "number" || !(ttlMs >= 0)) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_TTL",
      "ttl",
      `ttl must be milliseconds ≥ 0, text such as "5m", or Infinity; got ${describe(ttl)}.`,
    );
  }
  if (ttlMs > MAX_TTL_MS) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_TTL",
      "ttl",
      `ttl is ${ttlMs} ms, above 100 years. It is in milliseconds; use Infinity for "never expires".`,
    );
  }
  return ttlMs;
}

/** A TTL is not a cached value, so the message may show it; long texts are cut. */
function describe(ttl: unknown): string {
  if (typeof ttl === "string") return JSON.stringify(ttl.slice(0, 40));
  return typeof ttl === "number" ? String(ttl) : typeof ttl;
}

/**
 * Shortens a TTL by a random part, so that entries written together do not expire together.
 *
 * @param jitter a ratio 0…1 of the TTL, the most that is taken away
 */
export function jitterTtlMs(ttlMs: number, jitter: number, random: RandomSource): number {
  if (jitter === 0 || !Number.isFinite(ttlMs)) return ttlMs;
  return ttlMs * (1 - jitter * random.next());
}
