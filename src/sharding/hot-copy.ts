import { Buffer } from "node:buffer";
import type { BackendCapabilities } from "../backend/capabilities.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";

/**
 * A copy as it is stored:
 *
 * ```text
 * bytes    ┌───────────────────┬─────────────────────┬───────────────┐     values   { version, expiresAt, value }
 *          │ version (float64) │ expiresAt (float64) │ value's bytes │
 *          └───────────────────┴─────────────────────┴───────────────┘
 * pending  no bytes                                                                 null
 * ```
 *
 * Version and end are those of the entry itself, so that what is read from a copy can be compared and set.
 */
type Storage = BackendCapabilities["storage"];

const HEAD_BYTES = 16;

/** What stands in a copy's place until the value is there. */
export function pendingCopy(storage: Storage): unknown {
  return storage === "bytes" ? new Uint8Array(0) : null;
}

/** The value of a copy of an entry. O(bytes). */
export function encodeCopy(storage: Storage, { version, expiresAt, value }: StoredEntry): unknown {
  if (storage === "values") return { version, expiresAt, value };
  const bytes = value as Uint8Array;
  const copy = new Uint8Array(HEAD_BYTES + bytes.byteLength);
  const head = new DataView(copy.buffer);
  head.setFloat64(0, version);
  head.setFloat64(8, expiresAt);
  copy.set(bytes, HEAD_BYTES);
  return copy;
}

/** The entry of a copy, or `undefined` while it is pending. */
export function decodeCopy(storage: Storage, { value, tags }: StoredEntry): StoredEntry | undefined {
  if (storage === "values") {
    if (value === null) return undefined;
    const { version, expiresAt, value: original } = value as StoredEntry;
    return { value: original, version, expiresAt, tags };
  }
  const bytes = value as Uint8Array;
  if (bytes.byteLength < HEAD_BYTES) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + HEAD_BYTES, bytes.byteLength - HEAD_BYTES);
  return { value: rest, version: head.getFloat64(0), expiresAt: head.getFloat64(8), tags };
}
