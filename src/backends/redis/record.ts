import type { StoredEntry } from "../../backend/stored-entry.ts";
import { decodeKeyText } from "./key-text.ts";

/**
 * A record of the coherent mode, big endian:
 *
 * ```text
 *  0      2        3       4             12            20            28
 * ┌───────┬────────┬───────┬─────────────┬─────────────┬─────────────┬───────────────┬──────────────────────┬─────────┐
 * │ C7 58 │ format │ flags │ version     │ generation  │ expires at  │ token, until  │ length, tags         │ payload │
 * │       │ 01     │       │ 8 B         │ 8 B         │ 8 B         │ 8 + 8 B, if   │ 4 B + …, if          │         │
 * └───────┴────────┴───────┴─────────────┴─────────────┴─────────────┴───────────────┴──────────────────────┴─────────┘
 * flags   bits 0–1: 0 data, 1 tombstone, 2 lease without data   bit 4: token   bit 5: tags   bit 6: kept beyond its end
 * tags    ┌──────┬────────┬──────┐
 *         │ mark │ length │ text │ …      expires at: the server's wall clock in ms, 0 never
 *         │ 8 B  │ 2 B    │      │
 *         └──────┴────────┴──────┘
 * ```
 */
export const RECORD_MAGIC_HIGH = 0xc7;
/** See {@link RECORD_MAGIC_HIGH}. */
export const RECORD_MAGIC_LOW = 0x58;
/** See {@link RECORD_MAGIC_HIGH}. */
export const RECORD_FORMAT = 1;
/** Bytes before what not every record has. */
export const RECORD_HEAD_BYTES = 28;

/** Flags of a record. */
export const RECORD_KIND_MASK = 3;
/** The record has a fill token. */
export const RECORD_HAS_TOKEN = 0x10;
/** The record has tags. */
export const RECORD_HAS_TAGS = 0x20;
/** The server keeps it beyond its end, as a stale stand-in. */
export const RECORD_IS_KEPT = 0x40;

/** The second byte of every version is below this. */
export const VERSION_LIMIT_BYTE = 0x1f;

const TOKEN_BYTES = 16;
const HIGH_UNIT = 2 ** 32;
const NO_TAGS: readonly string[] = Object.freeze([]);

/** Two halves of a generation mark, signed as `readInt32BE` gives them. `undefined`: unknown, so nothing lives. */
export interface GenerationMark {
  readonly high: number;
  readonly low: number;
}

/** A tag as a record carries it. */
export interface TagMark {
  readonly tag: string;
  readonly mark: number;
}

/**
 * Whether bytes are a record of ours, as far as its head shows. Versions are microseconds of this age: one of the year 2246 or later is damage,
 * and must not push those that follow towards 2^53.
 */
export function isRecord(bytes: Buffer): boolean {
  return (
    bytes.length >= RECORD_HEAD_BYTES &&
    bytes[0] === RECORD_MAGIC_HIGH &&
    bytes[1] === RECORD_MAGIC_LOW &&
    bytes[2] === RECORD_FORMAT &&
    bytes[4] === 0 &&
    (bytes[5] as number) < VERSION_LIMIT_BYTE
  );
}

/** Whether a record holds data of the generation; whether its tags still stand is not looked at. */
export function isCurrentData(record: Buffer, mark: GenerationMark): boolean {
  return (
    ((record[3] as number) & RECORD_KIND_MASK) === 0 &&
    record.readInt32BE(12) === mark.high &&
    record.readInt32BE(16) === mark.low
  );
}

/** Version of a record. */
export function versionOf(record: Buffer): number {
  return readNumber(record, 4);
}

/** The end that a record states, by the server's clock in ms; `Infinity`: none. */
export function serverExpiryOf(record: Buffer): number {
  const endsAt = readNumber(record, 20);
  return endsAt === 0 ? Number.POSITIVE_INFINITY : endsAt;
}

/** Whether a record has tags that must be compared before it counts as live. */
export function hasTags(record: Buffer): boolean {
  return ((record[3] as number) & RECORD_HAS_TAGS) !== 0;
}

/** Whether a record may still be there when it is over. */
export function isKeptBeyondEnd(record: Buffer): boolean {
  return ((record[3] as number) & RECORD_IS_KEPT) !== 0;
}

/** The tags of a record with their marks; `undefined` when the bytes contradict themselves. */
export function tagMarksOf(record: Buffer): readonly TagMark[] | undefined {
  const block = tagBlock(record);
  if (block === undefined) return undefined;
  const tags: TagMark[] = [];
  let at = 0;
  while (at < block.length) {
    if (at + 10 > block.length) return undefined;
    const end = at + 10 + block.readUInt16BE(at + 8);
    if (end > block.length) return undefined;
    tags.push({ mark: readNumber(block, at), tag: decodeKeyText(block.subarray(at + 10, end)) });
    at = end;
  }
  return tags;
}

/** An entry in the coherent mode. What few ask for is read out of the record when they do. */
class RecordEntry implements StoredEntry {
  readonly value: Buffer;
  readonly tags: readonly string[];
  readonly #record: Buffer;
  readonly #clockOffsetMs: number;

  constructor(record: Buffer, payloadAt: number, clockOffsetMs: number, tags: readonly string[]) {
    this.value = record.subarray(payloadAt);
    this.tags = tags;
    this.#record = record;
    this.#clockOffsetMs = clockOffsetMs;
  }

  get version(): number {
    return versionOf(this.#record);
  }

  get expiresAt(): number {
    return serverExpiryOf(this.#record) - this.#clockOffsetMs;
  }
}

/**
 * The entry of a record of data.
 *
 * @param clockOffsetMs how far the server's clock is ahead of ours
 * @returns `undefined` when the bytes contradict themselves
 */
export function entryOf(
  record: Buffer,
  clockOffsetMs: number,
  tags: readonly TagMark[] | undefined,
): StoredEntry | undefined {
  const payloadAt = payloadStart(record);
  if (payloadAt > record.length) return undefined;
  return new RecordEntry(record, payloadAt, clockOffsetMs, tags === undefined ? NO_TAGS : tags.map(({ tag }) => tag));
}

function payloadStart(record: Buffer): number {
  const flags = record[3] as number;
  if ((flags & (RECORD_HAS_TOKEN | RECORD_HAS_TAGS)) === 0) return RECORD_HEAD_BYTES;
  const at = RECORD_HEAD_BYTES + ((flags & RECORD_HAS_TOKEN) === 0 ? 0 : TOKEN_BYTES);
  if ((flags & RECORD_HAS_TAGS) === 0) return at;
  return at + 4 > record.length ? Number.POSITIVE_INFINITY : at + 4 + record.readUInt32BE(at);
}

function tagBlock(record: Buffer): Buffer | undefined {
  const start = RECORD_HEAD_BYTES + (((record[3] as number) & RECORD_HAS_TOKEN) === 0 ? 0 : TOKEN_BYTES);
  if (start + 4 > record.length) return undefined;
  const end = start + 4 + record.readUInt32BE(start);
  return end > record.length ? undefined : record.subarray(start + 4, end);
}

/** Eight bytes as a number. Exact below 2^53, which all of ours are. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * HIGH_UNIT + bytes.readUInt32BE(at + 4);
}
