import { EntryTooLargeError } from "../../foundation/errors.ts";

/** Largest item of a server that does not tell (`-I`). */
const DEFAULT_MAX_ITEM_BYTES = 1_048_576;
/** What a server adds to key and value: its own head, CAS number, client flags and the ends of both. 1.6.18 adds 63. */
const ITEM_OVERHEAD_BYTES = 64;

/**
 * Refuses what a server would refuse, before anything is sent: a server that is asked to keep too large a value removes the one that was there.
 *
 * @throws EntryTooLargeError `GCX_ENTRY_TOO_LARGE`
 */
export function assertItemFits(keyText: string, valueBytes: number, maxItemBytes: number): void {
  const sizeBytes = valueBytes + keyText.length + ITEM_OVERHEAD_BYTES;
  if (sizeBytes > maxItemBytes) throw entryTooLarge(sizeBytes, maxItemBytes);
}

/** As {@link assertItemFits}, where there is another way. */
export function isItemFitting(keyText: string, valueBytes: number, maxItemBytes: number): boolean {
  return valueBytes + keyText.length + ITEM_OVERHEAD_BYTES <= maxItemBytes;
}

/** An error that says what helps with Memcached. */
export function entryTooLarge(sizeBytes: number, limitBytes: number): EntryTooLargeError {
  return new EntryTooLargeError(sizeBytes, limitBytes, {
    of: "the Memcached server takes for one item",
    remedy: "Start the server with a larger -I, turn on compression, or store less.",
  });
}

/** What is written must be bytes. @throws TypeError */
export function assertBytes(value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError("Memcached keeps bytes: the value must be a Uint8Array.");
}

/** Largest item that a server takes, in bytes. */
export function maxItemBytesOf({ maxItemBytes }: { readonly maxItemBytes: number | undefined }): number {
  return maxItemBytes ?? DEFAULT_MAX_ITEM_BYTES;
}
