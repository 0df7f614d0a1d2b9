import { createHash } from "node:crypto";
import type { MetaKey } from "../../clients/memcached/meta-message.ts";

/**
 * First byte of keys that are the library's own. UTF-8 never has it, and the client's forms of unusual keys begin with other bytes
 * (`memcached-key.ts`), so no key of a user can meet one.
 */
const RESERVED = 0xfc;
/** 176 bits of SHA-256: with the two bytes before them a multiple of three, so base64 has no padding. */
const DIGEST_BYTES = 22;

/** What a key of the library's own is for. */
export type ReservedKind =
  /** The mark of a namespace; the text is its path. */
  | "n"
  /** The mark of a tag; the text is the tag. */
  | "t"
  /** An operation that a counter counted; the text is the counter's key and the operation's digest. */
  | "o"
  /** Somebody refreshes an entry; the text is its version and its key. */
  | "r"
  /** Written to draw a CAS number; the text is empty. */
  | "s"
  /** Written with each invalidation of tags; the text is empty. */
  | "i";

/**
 * A key of the library's own:
 *
 * ```text
 * FC · kind (1 byte) · the first 22 bytes of SHA-256 of the text's UTF-16
 * ```
 */
export function reservedKey(kind: ReservedKind, text: string): MetaKey {
  const bytes = Buffer.allocUnsafe(2 + DIGEST_BYTES);
  bytes[0] = RESERVED;
  bytes.write(kind, 1, 1, "latin1");
  createHash("sha256").update(Buffer.from(text, "utf16le")).digest().copy(bytes, 2, 0, DIGEST_BYTES);
  return { text: bytes.toString("base64"), isBase64: true };
}
