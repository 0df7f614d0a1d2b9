import { createHash, randomBytes } from "node:crypto";

/** How a key appears in lines. */
export type ShowKey = (key: string) => string;

/** Keys as they are. */
export const showPlainKey: ShowKey = (key) => key;

/** Hex digits of a digest: lines of the same key are found together, and two keys of a hundred thousand look alike once in a million times. */
const DIGIT_COUNT = 12;

/**
 * Shows keys as digests, for keys may hold what is nobody's business: addresses, names, tokens. The salt is new in each process, so a digest cannot be looked up for
 * guessed keys, and says nothing in another process.
 */
export function createKeyDigest(salt: Uint8Array = randomBytes(16)): ShowKey {
  return (key) => `#${createHash("sha256").update(salt).update(key).digest("hex").slice(0, DIGIT_COUNT)}`;
}
