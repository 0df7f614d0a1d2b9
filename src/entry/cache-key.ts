import { InvalidArgumentError } from "../foundation/errors.ts";

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 65_536;

/** A UTF-16 code unit takes at most three bytes of UTF-8, so keys up to this length need no counting. */
const SURELY_SHORT_LENGTH = Math.floor(MAX_KEY_BYTES / 3);

/**
 * Refuses what cannot be a key.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_KEY`
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== "string" || key.length === 0) {
    const given = key === "" ? "an empty string" : key === null ? "null" : typeof key;
    throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "key", `A key must be a non-empty string; got ${given}.`);
  }
  if (key.length > SURELY_SHORT_LENGTH) assertKeyBytes(key);
}

function assertKeyBytes(key: string): void {
  const sizeBytes = Buffer.byteLength(key, "utf8");
  if (sizeBytes <= MAX_KEY_BYTES) return;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_KEY",
    "key",
    `A key may have up to ${MAX_KEY_BYTES} bytes; got ${sizeBytes}. Hash long keys before use.`,
  );
}
