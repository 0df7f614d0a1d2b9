import { createHash } from "node:crypto";

/** An operation with an id that a counter has counted. */
export interface CountedOperation {
  /** The first 16 bytes of SHA-256 of its id, as latin1 text. */
  readonly digest: string;
  /** The counter after it. */
  readonly result: bigint;
  /** Version of the item that it made; 0: of the very item that holds this, whose version nobody knew before it was written. */
  readonly version: number;
  /** Wall-clock instant at which it was counted, ms since the epoch. */
  readonly countedAt: number;
}

/** Length of a digest in bytes. */
export const DIGEST_BYTES = 16;

/** What of an operation's id is kept. */
export function digestOf(opId: string): string {
  return createHash("sha256").update(Buffer.from(opId, "utf16le")).digest().toString("latin1", 0, DIGEST_BYTES);
}

/** Operations of an item that is about to be written anew: those known by its own version get it, for that changes. */
export function withVersion(operations: readonly CountedOperation[], itemVersion: number): readonly CountedOperation[] {
  if (operations.length === 0) return operations;
  return operations.map((one) => (one.version === 0 ? { ...one, version: itemVersion } : one));
}
