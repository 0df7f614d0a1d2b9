import { Buffer } from "node:buffer";

/**
 * The first eight bytes of every snapshot, of all versions. Built as PNG's: the first byte is no text, and the line ends show a
 * transfer that rewrote them.
 */
export const SNAPSHOT_MAGIC: Buffer = Buffer.from([0x89, 0x47, 0x43, 0x58, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The version that is written, and the newest that is read. */
export const SNAPSHOT_VERSION = 1;

/** Magic, version, reserved, instant, sum. This size and the place of the version are the same in all versions. */
export const HEADER_BYTES = 24;

/** Kind, length, sum of what came so far. */
export const SECTION_HEAD_BYTES = 9;

/** The sum behind a section's payload. */
export const SECTION_SUM_BYTES = 4;

/** The kinds of sections. */
export const SECTION_KINDS: { readonly entries: 1; readonly end: 2 } = { entries: 1, end: 2 };

/** Most bytes of one section's payload, 1 GiB; an entry that alone needs more is not dumped. */
export const MAX_SECTION_BYTES: number = 2 ** 30;

/** What the first byte of an entry says is there. All other bits are 0. */
export const ENTRY_FLAGS: { readonly ttl: 1; readonly tags: 2; readonly sliding: 4 } = { ttl: 1, tags: 2, sliding: 4 };

/** Names that a block remembers, each written once in full; both sides stop remembering at the same number. */
export const MAX_BLOCK_NAMES = 4_096;

/** Deepest nesting of a value. What is deeper is not dumped: reading it could need more stack than there is. */
export const MAX_VALUE_DEPTH = 1_000;

/**
 * What the first byte of a value says. Bytes from 128 on are the integers 0 to 127 themselves.
 *
 * Part of the format: numbers are never changed or given to something else.
 */
export const VALUE_KINDS = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  integer: 4,
  double: 5,
  bigint: 6,
  negativeBigint: 7,
  text: 8,
  object: 9,
  bareObject: 10,
  array: 11,
  namedArray: 12,
  holes: 13,
  map: 14,
  set: 15,
  end: 16,
  date: 17,
  regExp: 18,
  error: 19,
  boxed: 20,
  arrayBuffer: 21,
  view: 22,
  reference: 23,
} as const;

/** From here on the byte is a small integer. */
export const SMALL_INTEGERS_FROM = 128;
