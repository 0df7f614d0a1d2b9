import { HEADER_BYTES, isPlausible, RECORD, TAGS_FLAG, WIDE_KEY_FLAG } from "./record-format.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";

const NO_TAGS: readonly string[] = Object.freeze([]);
/** Stands between tags and cannot be mistaken: each is preceded by its length. */
const SEPARATOR = ":";

/** A record's key. Any text when the record was written over; never throws. */
export function readKey(slab: SharedSlab, segments: SegmentTable, address: number): string {
  if (!isPlausible(slab, address)) return "";
  const { i32 } = slab;
  const word = address * 2;
  const isWide = ((i32[word + RECORD.flags] as number) & WIDE_KEY_FLAG) !== 0;
  const start = dataStart(segments, address);
  const end = start + (i32[word + RECORD.keyBytes] as number);
  const source = slab.segments[segments.of(address)] as Buffer;
  return isWide ? source.toString("ucs2", start, end) : source.toString("latin1", start, end);
}

/** A record's tags as one text; `""` for none. */
export function readTagText(slab: SharedSlab, segments: SegmentTable, address: number): string {
  const { i32 } = slab;
  const word = address * 2;
  if (((i32[word + RECORD.flags] as number) & TAGS_FLAG) === 0) return "";
  const start =
    dataStart(segments, address) + (i32[word + RECORD.keyBytes] as number) + (i32[word + RECORD.valueBytes] as number);
  const source = slab.segments[segments.of(address)] as Buffer;
  return source.toString("ucs2", start, start + (i32[word + RECORD.tagBytes] as number));
}

/** Tags as one text: for each its length, a colon, and itself. */
export function toTagText(tags: readonly string[]): string {
  return tags.map((tag) => `${tag.length}${SEPARATOR}${tag}`).join("");
}

/** The tags of a text. */
export function fromTagText(text: string): readonly string[] {
  if (text === "") return NO_TAGS;
  const tags: string[] = [];
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(SEPARATOR, at);
    const length = Number(text.slice(at, colon));
    tags.push(text.slice(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return tags;
}

function dataStart(segments: SegmentTable, address: number): number {
  return (address - segments.startOf(segments.of(address))) * 8 + HEADER_BYTES;
}
