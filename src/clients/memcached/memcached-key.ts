import { createHash } from "node:crypto";
import type { MetaKey } from "./meta-message.ts";

/** Longest key of a server, in bytes. */
const MAX_KEY_BYTES = 250;
/** Most bytes of which base64 is not longer than that; servers want its padding, so 187 are too many. */
const MAX_BASE64_BYTES = 186;
/** First bytes that no UTF-8 has: they tell the forms apart. */
const MARK_UTF16 = 0xfe;
const MARK_HASH = 0xff;
const MARK_UTF16_HASH = 0xfd;

/**
 * The server's key for any text that is not empty. To a server a key is bytes; base64 is only how some bytes are sent. These are the bytes:
 *
 *     the text                               form            bytes in the server
 *     ─────────────────────────────────────  ──────────────  ──────────────────────────────────────────────
 *     no control character, no space,        plain           its UTF-8
 *       up to 250 bytes
 *     else, up to 186 bytes                  base64          its UTF-8
 *     else                                   base64          FF · SHA-256 of its UTF-8          (33 bytes)
 *     half a surrogate pair in it,           base64          FE · its UTF-16 (LE)
 *       up to 92 code units
 *     that, longer                           base64          FD · SHA-256 of its UTF-16 (LE)    (33 bytes)
 *
 * No two texts get the same bytes (but for collisions of SHA-256): UTF-8 is one to one for texts without lone surrogates, and never has a
 * byte FD, FE or FF, so the forms cannot meet. A plain key is what any other client would send for it.
 *
 * Costs O(length); about 0.1 µs for a plain key of 30 characters, and a hash for a long one.
 *
 * @throws RangeError for the empty text
 */
export function encodeMemcachedKey(text: string): MetaKey {
  if (text.length === 0) throw new RangeError("A key must not be empty.");
  if (text.length <= MAX_KEY_BYTES && isPrintableAscii(text)) return { text, isBase64: false };
  return encodeUnusualKey(text);
}

function encodeUnusualKey(text: string): MetaKey {
  if (!text.isWellFormed()) {
    const utf16 = Buffer.from(text, "utf16le");
    const isShort = utf16.length < MAX_BASE64_BYTES;
    return isShort ? base64Key(MARK_UTF16, utf16) : base64Key(MARK_UTF16_HASH, hashOf(utf16));
  }
  const byteCount = Buffer.byteLength(text);
  if (byteCount <= MAX_KEY_BYTES && !/[\0- \x7f]/.test(text)) return { text, isBase64: false };
  const utf8 = Buffer.from(text);
  if (byteCount <= MAX_BASE64_BYTES) return { text: utf8.toString("base64"), isBase64: true };
  return base64Key(MARK_HASH, hashOf(utf8));
}

function isPrintableAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return true;
}

function base64Key(mark: number, bytes: Uint8Array): MetaKey {
  const marked = Buffer.allocUnsafe(bytes.length + 1);
  marked[0] = mark;
  marked.set(bytes, 1);
  return { text: marked.toString("base64"), isBase64: true };
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
