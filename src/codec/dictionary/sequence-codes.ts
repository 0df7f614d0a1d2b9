/*
 * How zstd numbers the lengths in a sequence: small ones have a code each, larger ones share one and have extra bits.
 * RFC 8878, section 3.1.1.3.2.1.1, https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.3.2.1.1
 */

/** The first literal length of each code from 16 on; from code 25 on each is twice the one before. */
const LITERAL_LENGTH_BASES = [16, 18, 20, 22, 24, 28, 32, 40, 48, 64];
/** The first match length, less three, of each code from 32 on; from code 43 on each is twice the one before. */
const MATCH_LENGTH_BASES = [32, 34, 36, 38, 40, 44, 48, 56, 64, 80, 96, 128];
const MIN_MATCH_BYTES = 3;

/** The largest code of a literal length, and of a match length. */
export const MAX_LITERAL_LENGTH_CODE = 35;
export const MAX_MATCH_LENGTH_CODE = 52;

/** The code of a number of literals. */
export function literalLengthCode(length: number): number {
  return codeOf(length, 16, LITERAL_LENGTH_BASES);
}

/** The code of the length of a match, which is at least three. */
export function matchLengthCode(length: number): number {
  return codeOf(length - MIN_MATCH_BYTES, 32, MATCH_LENGTH_BASES);
}

function codeOf(value: number, firstShared: number, bases: readonly number[]): number {
  if (value < firstShared) return value;
  const last = bases.at(-1) as number;
  if (value >= 2 * last) return firstShared + bases.length - 1 + Math.floor(Math.log2(value / last));
  return firstShared + bases.findLastIndex((base) => base <= value);
}
