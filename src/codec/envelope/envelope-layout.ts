/**
 * The envelope around every value, format version 1. All numbers are little-endian; a *varint* has seven bits a byte, the lowest first,
 * at most eight bytes.
 *
 * ```
 *  0       1       2       3        4
 *  ├ magic ┼ format┼ kind  ┼ flags  ┼ if compressed ──────────────────────────────┬ …
 *  │ C1    │ A1    │ u8    │ u8     │ compressor u8 · rawBytes varint             │
 *                                   │ · if it takes a dictionary: its id u32      │
 *
 *  … not encrypted                                … encrypted
 *  ├ check ┼ metadata ┼ payload ┤                 ├ key id ┼ nonce ┼ sealed: metadata · payload ┼ tag ┤
 *  │ u32   │ if flag  │         │                 │ 4      │ 24    │                            │ 16  │
 * ```
 *
 * - `C1` is no UTF-8, no msgpack, no gob, no digit: what other programs write does not begin with it.
 * - `check` is the XXH32 of all other bytes: of the payload and metadata, seeded with the XXH32 of what stands before it.
 * - Encrypted, everything before the key id is bound as associated data, with the key that the value is stored under.
 * - A plain value has 8 bytes of overhead, an encrypted one 48.
 *
 * Two forms have no envelope: integers, as decimal text, so that a store's own counters work on them; and everything with
 * `envelope: false`.
 */
export const ENVELOPE_MAGIC = 0xc1;

/** High half of the second byte; the low half is the format's version, 1–15. */
export const FORMAT_MARK = 0xa0;

/** The version that is written, and the newest that is read. */
export const FORMAT_VERSION = 1;

/** Magic, format, kind, flags. */
export const HEAD_BYTES = 4;

/** The XXH32 of an envelope that is not encrypted. */
export const CHECK_BYTES = 4;

/** What the flags say. Bits without a name are 0; a set one is of a newer writer. */
export const ENVELOPE_FLAGS = {
  /** The payload is compressed. */
  compressed: 1,
  /** Metadata stands before the payload. */
  metadata: 2,
  /** Metadata and payload are encrypted; no check. */
  encrypted: 4,
  /** The payload is text of ASCII characters only, which is read faster. */
  ascii: 8,
} as const;

/** All flags that this version knows. */
export const KNOWN_FLAGS = 15;

/**
 * What the payload is. Part of the format: numbers are never changed or given to something else.
 */
export const PAYLOAD_KINDS = {
  /** The bytes of a `Buffer`. */
  buffer: 1,
  /** The bytes of a `Uint8Array`. */
  uint8Array: 2,
  /** A string in UTF-8. */
  utf8: 3,
  /** A string in UTF-16: it has lone surrogates. */
  utf16: 4,
  /** JSON. */
  json: 5,
  /** JSON in which tagged objects stand for what JSON has not. */
  taggedJson: 6,
  /** msgpack. */
  msgpack: 7,
  /** msgpack in which tagged maps stand for what msgpack has not. */
  taggedMsgpack: 8,
  /** The platform's structured clone. */
  v8: 9,
  /** Go's gob. */
  gob: 10,
  /** Go's gob with structs that only their descriptions turn back into the objects that were written. */
  gobStructs: 11,
  /** A serializer of the user's: length of its name u8, its name in UTF-8, then its bytes. */
  custom: 31,
} as const;
