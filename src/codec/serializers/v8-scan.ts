import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { ScanCursor } from "./scan-cursor.ts";

/** Versions of the wire format that all supported releases of Node.js read. */
const OLDEST_VERSION = 13;
const NEWEST_VERSION = 15;
const VERSION_MARK = 0xff;
/** Holes that a value may have: V8 takes eight bytes for each, whatever the input's length. */
export const MAX_V8_HOLES = 1_000_000;
/** Node's own numbers of the classes of views. */
const MAX_HOST_CLASS = 13;

/** What a tag is followed by. */
type Rule = (scan: V8Scan, depth: number) => void;

const nothing: Rule = () => undefined;
const varint: Rule = (scan) => void scan.varint();
const double: Rule = (scan) => scan.cursor.skip(8);
const sized: Rule = (scan) => scan.cursor.skip(scan.varint());
const bigint: Rule = (scan) => scan.cursor.skip(Math.floor((scan.varint() % 2 ** 31) / 2));

/** By tag. Tags that need a delegate (shared memory, WebAssembly, transfers) are not there. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["_", nothing],
  ["0", nothing],
  ["T", nothing],
  ["F", nothing],
  ["x", nothing],
  ["y", nothing],
  ["I", varint],
  ["U", varint],
  ["^", varint],
  ["N", double],
  ["D", double],
  ["n", double],
  ["Z", bigint],
  ["z", bigint],
  ['"', sized],
  ["c", sized],
  ["S", sized],
  ["s", (scan) => scan.text()],
  ["R", (scan) => scan.regExp()],
  ["o", (scan, depth) => scan.members("{", 1, depth)],
  ["A", (scan, depth) => scan.denseArray(depth)],
  ["a", (scan, depth) => scan.sparseArray(depth)],
  [";", (scan, depth) => scan.members(":", 1, depth)],
  ["'", (scan, depth) => scan.members(",", 1, depth)],
  ["B", (scan) => scan.arrayBuffer()],
  ["r", (scan, depth) => scan.error(depth)],
  ["\\", (scan) => scan.hostObject()],
]);

/** Rules by the number of the tag. */
const RULE_OF_BYTE: readonly (Rule | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  RULES.get(String.fromCharCode(byte)),
);

/**
 * Walks through bytes of V8's structured clone without making anything of them, so that `v8.deserialize` meets only what it can take: no tag
 * that needs help, no nesting above the limit, no array whose declared length would cost more memory than its bytes justify.
 *
 * Source of the format: https://github.com/v8/v8/blob/main/src/objects/value-serializer.cc
 *
 * @throws CodecFault. O(bytes)
 */
export function scanStructuredBytes(bytes: Uint8Array, limits: CodecLimits): void {
  const scan = new V8Scan(bytes, limits.maxDepth);
  scan.header();
  scan.value(0);
  scan.cursor.assertEnd();
}

class V8Scan {
  readonly cursor: ScanCursor;
  readonly #maxDepth: number;
  #holes = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.cursor = new ScanCursor(bytes);
    this.#maxDepth = maxDepth;
  }

  header(): void {
    if (this.cursor.byte() !== VERSION_MARK) throw new CodecFault("malformed", "no structured clone");
    const version = this.varint();
    if (version > NEWEST_VERSION) throw new CodecFault("newer-format", "a structured clone of a newer platform");
    if (version < OLDEST_VERSION) throw new CodecFault("malformed", "a structured clone of an old platform");
  }

  value(depth: number): void {
    if (depth > this.#maxDepth) throw new CodecFault("too-large", "a value that is nested too deeply");
    let tag = this.cursor.byte();
    // Padding before texts of two bytes a character.
    while (tag === 0) tag = this.cursor.byte();
    const rule = RULE_OF_BYTE[tag];
    if (rule === undefined) throw new CodecFault("malformed", "a part of an unknown kind");
    rule(this, depth + 1);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.cursor.byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
    throw new CodecFault("malformed", "a number that ends too late");
  }

  text(): void {
    let tag = this.cursor.byte();
    while (tag === 0) tag = this.cursor.byte();
    if (!'"cS'.includes(String.fromCharCode(tag))) throw new CodecFault("malformed", "no text where one should be");
    this.cursor.skip(this.varint());
  }

  regExp(): void {
    this.text();
    this.varint();
  }

  /** Values up to the end's tag, which some numbers follow. */
  members(end: string, numberCount: number, depth: number): void {
    const endTag = end.charCodeAt(0);
    for (;;) {
      const next = this.cursor.peek();
      if (next === endTag) break;
      if (next === 0) this.cursor.byte();
      else this.value(depth);
    }
    this.cursor.byte();
    for (let index = 0; index < numberCount; index += 1) this.varint();
  }

  denseArray(depth: number): void {
    const length = this.varint();
    if (length > this.cursor.rest) throw new CodecFault("malformed", "an array longer than its bytes");
    for (let index = 0; index < length; index += 1) {
      if (this.cursor.peek() === 0x2d) this.cursor.byte();
      else this.value(depth);
    }
    this.members("$", 2, depth);
  }

  sparseArray(depth: number): void {
    this.#holes += this.varint();
    if (this.#holes > MAX_V8_HOLES) throw new CodecFault("too-large", "an array with too many holes");
    this.members("@", 2, depth);
  }

  arrayBuffer(): void {
    this.cursor.skip(this.varint());
    if (this.cursor.peek() !== 0x56) return;
    this.cursor.byte();
    // Class, offset, length, flags; V8 holds them against the buffer.
    for (let index = 0; index < 4; index += 1) this.varint();
  }

  /** Fields in any order up to a full stop. */
  error(depth: number): void {
    for (;;) {
      const field = String.fromCharCode(this.cursor.byte());
      if (field === ".") return;
      if (field === "m" || field === "s") this.text();
      else if (field === "c") this.value(depth);
      else if (!"EFRSTU".includes(field)) throw new CodecFault("malformed", "an error with an unknown field");
    }
  }

  /** A typed array or `Buffer`, as Node.js writes them: class, length, bytes. */
  hostObject(): void {
    const viewClass = this.varint();
    if (viewClass > MAX_HOST_CLASS) throw new CodecFault("malformed", "bytes of an unknown class");
    this.cursor.skip(this.varint());
  }
}
