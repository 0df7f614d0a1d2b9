import { isDeepStrictEqual } from "node:util";
import { fromStructuredBytes } from "../../codec/serializers/structured-bytes.ts";
import { HEADER_BYTES, KIND_MASK, RECORD } from "./record-format.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";
import { toSharedBytes } from "./shared-value-bytes.ts";

/** How a value's bytes are to be read. Part of the slab's format: numbers never change their meaning. */
const KIND = { null: 0, true: 1, false: 2, number: 3, narrow: 4, wide: 5, buffer: 6, bytes: 7, structured: 8 } as const;

/** Strings up to this length are looked at and copied character by character; a call into the platform costs as much as ten of them. */
const SHORT_LENGTH = 12;
const NARROW = /^[\0-\xff]*$/;
/** Buffers up to this size come from the platform's pool, as `Buffer.from` does it. */
const POOLED_BYTES = 1_024;

/** Values to bytes in records, and back. Holds one value at a time, ready to be written. */
export class ValueCodec {
  /** Of the value that is ready. */
  kind: number = KIND.null;
  byteCount = 0;
  #payload: unknown = null;
  readonly #slab: SharedSlab;
  readonly #segments: SegmentTable;

  constructor(slab: SharedSlab, segments: SegmentTable) {
    this.#slab = slab;
    this.#segments = segments;
  }

  /**
   * Makes a value ready. May run code of the caller (getters), which may use this codec: nothing that was prepared before survives.
   *
   * @throws SerializationError for what would not come back equal
   */
  prepare(value: unknown): void {
    if (typeof value === "string") {
      const isNarrow = isNarrowText(value);
      this.#ready(isNarrow ? KIND.narrow : KIND.wide, isNarrow ? value.length : value.length * 2, value);
    } else if (typeof value === "number") this.#ready(KIND.number, 8, value);
    else if (value === null) this.#ready(KIND.null, 0, null);
    else if (typeof value === "boolean") this.#ready(value ? KIND.true : KIND.false, 0, null);
    else if (isPlainBytes(value))
      this.#ready(Buffer.isBuffer(value) ? KIND.buffer : KIND.bytes, value.byteLength, value);
    else {
      const bytes = toSharedBytes(value);
      this.#ready(KIND.structured, bytes.byteLength, bytes);
    }
  }

  /** Writes the value that is ready; it stays ready, for a second place. */
  write(target: Buffer, at: number): void {
    const { kind } = this;
    if (kind <= KIND.false) return;
    if (kind === KIND.number) target.writeDoubleLE(this.#payload as number, at);
    else if (kind === KIND.narrow) writeNarrow(target, this.#payload as string, at);
    else if (kind === KIND.wide) target.write(this.#payload as string, at, this.byteCount, "ucs2");
    else target.set(this.#payload as Uint8Array, at);
  }

  /**
   * Copies a plausible record's value out of the slab. Never throws, whatever the bytes are: they may be written over
   * meanwhile. Once they are known to be right, {@link ValueCodec.reveal} makes the value of them.
   */
  copy(address: number): unknown {
    const { i32 } = this.#slab;
    const word = address * 2;
    const kind = (i32[word + RECORD.flags] as number) & KIND_MASK;
    if (kind <= KIND.false) return kind === KIND.null ? null : kind === KIND.true;
    const segment = this.#segments.of(address);
    const source = this.#slab.segments[segment] as Buffer;
    const keyBytes = i32[word + RECORD.keyBytes] as number;
    const valueBytes = i32[word + RECORD.valueBytes] as number;
    // Whoever looked whether the record is plausible looked before these were read.
    const from = (address - this.#segments.startOf(segment)) * 8 + HEADER_BYTES + keyBytes;
    const start = Math.min(Math.max(from, 0), source.length);
    const end = Math.min(Math.max(from + valueBytes, start), source.length);
    if (kind === KIND.narrow) return readNarrow(source, start, end);
    if (kind === KIND.wide) return source.toString("ucs2", start, end);
    if (kind === KIND.number) return start + 8 <= source.length ? source.readDoubleLE(start) : 0;
    return copyBytes(source, start, end, kind === KIND.buffer);
  }

  /** The value of a copy that is known to be right. `flags` is the record's word of that name. */
  reveal(flags: number, copied: unknown): unknown {
    return (flags & KIND_MASK) === KIND.structured ? fromStructuredBytes(copied as Uint8Array) : copied;
  }

  /** Lets go of the value that was ready. */
  release(): void {
    this.#payload = null;
  }

  #ready(kind: number, byteCount: number, payload: unknown): void {
    this.kind = kind;
    this.byteCount = byteCount;
    this.#payload = payload;
  }
}

/** A `Buffer` or `Uint8Array` that is nothing but its bytes; others take the careful way. */
function isPlainBytes(value: unknown): value is Uint8Array {
  if (!(value instanceof Uint8Array)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Buffer.prototype && prototype !== Uint8Array.prototype) return false;
  // The platform compares bytes, then enumerable properties: without these the view differs in nothing from one made just now.
  return isDeepStrictEqual(value, value.subarray());
}

function isNarrowText(text: string): boolean {
  if (text.length > SHORT_LENGTH * 4) return NARROW.test(text);
  let seen = 0;
  for (let index = 0; index < text.length; index += 1) seen |= text.charCodeAt(index);
  return seen <= 0xff;
}

function writeNarrow(target: Buffer, text: string, at: number): void {
  if (text.length > SHORT_LENGTH * 2) {
    target.write(text, at, text.length, "latin1");
    return;
  }
  for (let index = 0; index < text.length; index += 1) target[at + index] = text.charCodeAt(index);
}

function readNarrow(source: Buffer, start: number, end: number): string {
  if (end - start > SHORT_LENGTH) return source.toString("latin1", start, end);
  let text = "";
  for (let at = start; at < end; at += 1) text += String.fromCharCode(source[at] as number);
  return text;
}

function copyBytes(source: Buffer, start: number, end: number, isBuffer: boolean): Uint8Array {
  const length = end - start;
  if (isBuffer) {
    const copy = length <= POOLED_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    source.copy(copy, 0, start, end);
    return copy;
  }
  const copy = new Uint8Array(length);
  source.copy(copy, 0, start, end);
  return copy;
}
