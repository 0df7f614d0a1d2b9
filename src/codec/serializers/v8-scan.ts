import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { MemoryEstimate, PART_BYTES } from "./memory-estimate.ts";
import { ScanCursor } from "./scan-cursor.ts";

/**
 * The version of the wire format that all supported releases of Node.js write. Older ones, which V8 reads as well, have other fields: what the scan passes
 * over would not be what V8 passes over.
 */
const VERSION = 15;
const VERSION_MARK = 0xff;
/** Holes that a value may have: V8 takes eight bytes for each, whatever the input's length. */
export const MAX_V8_HOLES = 1_000_000;
/** Node's own numbers of the classes of views. */
const MAX_HOST_CLASS = 13;

/** What a tag is followed by. Tags that need a delegate (shared memory, WebAssembly, transfers) have no rule. */
const RULES = {
  nothing: 1,
  varint: 2,
  double: 3,
  sized: 4,
  bigint: 5,
  text: 6,
  regExp: 7,
  object: 8,
  map: 9,
  set: 10,
  denseArray: 11,
  sparseArray: 12,
  arrayBuffer: 13,
  error: 14,
  hostObject: 15,
} as const;

const TAGS_OF_RULE: Readonly<Record<keyof typeof RULES, string>> = {
  nothing: "_0TFxy",
  varint: "IU^",
  double: "NDn",
  sized: '"cS',
  bigint: "Zz",
  text: "s",
  regExp: "R",
  object: "o",
  map: ";",
  set: "'",
  denseArray: "A",
  sparseArray: "a",
  arrayBuffer: "B",
  error: "r",
  hostObject: "\\",
};

/** Rules by the number of the tag; 0: none. */
const RULE_OF_TAG: Uint8Array = new Uint8Array(256);
for (const [rule, tags] of Object.entries(TAGS_OF_RULE)) {
  for (const tag of tags) RULE_OF_TAG[tag.charCodeAt(0)] = RULES[rule as keyof typeof RULES];
}

/** Memory of a container without its parts; that of an object is left out. */
const MEMORY_OF_RULE: Readonly<Record<number, number>> = {
  [RULES.map]: PART_BYTES.collection,
  [RULES.set]: PART_BYTES.collection,
  [RULES.arrayBuffer]: PART_BYTES.buffer,
  [RULES.hostObject]: PART_BYTES.buffer,
};

/** Leaves that are objects: boxes, dates and regular expressions. */
const IS_OBJECT_TAG: Uint8Array = new Uint8Array(256);
for (const tag of "xynzsDR") IS_OBJECT_TAG[tag.charCodeAt(0)] = 1;

/** The tags that end lists of members. */
const END = { object: 0x7b, map: 0x3a, set: 0x2c, denseArray: 0x24, sparseArray: 0x40 } as const;
const HOLE = 0x2d;
const VIEW = 0x56;

/**
 * Walks through bytes of V8's structured clone without making anything of them, so that `v8.deserialize` meets only what it can take: no tag
 * that needs help, no nesting above the limit, no array whose declared length would cost more memory than its bytes justify.
 *
 * Source of the format: https://github.com/v8/v8/blob/main/src/objects/value-serializer.cc
 *
 * @throws CodecFault. O(bytes)
 */
export function scanStructuredBytes(bytes: Uint8Array, limits: CodecLimits): void {
  const scan = new V8Scan(bytes, limits);
  scan.header();
  scan.value(0);
  scan.cursor.assertEnd();
}

class V8Scan {
  readonly cursor: ScanCursor;
  readonly #maxDepth: number;
  readonly #memory: MemoryEstimate;
  #holes = 0;

  constructor(bytes: Uint8Array, limits: CodecLimits) {
    this.cursor = new ScanCursor(bytes);
    this.#maxDepth = limits.maxDepth;
    this.#memory = new MemoryEstimate(limits);
  }

  header(): void {
    if (this.cursor.byte() !== VERSION_MARK) throw new CodecFault("malformed", "no structured clone");
    const version = this.#varint();
    if (version > VERSION) throw new CodecFault("newer-format", "a structured clone of a newer platform");
    if (version < VERSION) throw new CodecFault("malformed", "a structured clone of an old platform");
  }

  value(depth: number): void {
    let tag = this.cursor.byte();
    // Padding before texts of two bytes a character.
    while (tag === 0) tag = this.cursor.byte();
    const rule = RULE_OF_TAG[tag] as number;
    if (rule >= RULES.object) this.#container(rule, depth);
    else {
      if (IS_OBJECT_TAG[tag] === 1) this.#memory.take(PART_BYTES.object);
      this.#leaf(rule);
    }
  }

  #leaf(rule: number): void {
    switch (rule) {
      case RULES.nothing:
        return;
      case RULES.varint:
        this.#varint();
        return;
      case RULES.double:
        this.cursor.skip(8);
        return;
      case RULES.sized:
        this.cursor.skip(this.#varint());
        return;
      case RULES.bigint:
        this.cursor.skip(Math.floor((this.#varint() % 2 ** 31) / 2));
        return;
      case RULES.text:
        this.#text();
        return;
      case RULES.regExp:
        this.#text();
        this.#varint();
        return;
      default:
        throw new CodecFault("malformed", "a part of an unknown kind");
    }
  }

  #container(rule: number, depth: number): void {
    if (depth >= this.#maxDepth) throw new CodecFault("too-large", "a value that is nested too deeply");
    this.#memory.take(MEMORY_OF_RULE[rule] ?? PART_BYTES.object);
    switch (rule) {
      case RULES.object:
        this.#members(END.object, 1, depth + 1);
        return;
      case RULES.map:
        this.#members(END.map, 1, depth + 1);
        return;
      case RULES.set:
        this.#members(END.set, 1, depth + 1);
        return;
      case RULES.denseArray:
        this.#denseArray(depth + 1);
        return;
      case RULES.sparseArray:
        this.#holes += this.#varint();
        if (this.#holes > MAX_V8_HOLES) throw new CodecFault("too-large", "an array with too many holes");
        this.#members(END.sparseArray, 2, depth + 1);
        return;
      case RULES.arrayBuffer:
        this.#arrayBuffer();
        return;
      case RULES.error:
        this.#error(depth + 1);
        return;
      default:
        this.#hostObject();
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.cursor.byte();
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
    throw new CodecFault("malformed", "a number that ends too late");
  }

  #text(): void {
    let tag = this.cursor.byte();
    while (tag === 0) tag = this.cursor.byte();
    if (RULE_OF_TAG[tag] !== RULES.sized) throw new CodecFault("malformed", "no text where one should be");
    this.cursor.skip(this.#varint());
  }

  /** Values up to the end's tag, which some numbers follow. */
  #members(end: number, numberCount: number, depth: number): void {
    for (;;) {
      const next = this.cursor.peek();
      if (next === end) break;
      if (next === 0) this.cursor.byte();
      else this.value(depth);
    }
    this.cursor.byte();
    for (let index = 0; index < numberCount; index += 1) this.#varint();
  }

  #denseArray(depth: number): void {
    const length = this.#varint();
    if (length > this.cursor.rest) throw new CodecFault("malformed", "an array longer than its bytes");
    for (let index = 0; index < length; index += 1) {
      if (this.cursor.peek() === HOLE) this.cursor.byte();
      else this.value(depth);
    }
    this.#members(END.denseArray, 2, depth);
  }

  #arrayBuffer(): void {
    this.cursor.skip(this.#varint());
    if (this.cursor.peek() !== VIEW) return;
    this.cursor.byte();
    // Class, offset, length, flags; V8 holds them against the buffer.
    for (let index = 0; index < 4; index += 1) this.#varint();
  }

  /** Fields in any order up to a full stop. */
  #error(depth: number): void {
    for (;;) {
      const field = String.fromCharCode(this.cursor.byte());
      if (field === ".") return;
      if (field === "m" || field === "s") this.#text();
      else if (field === "c") this.value(depth);
      else if (!"EFRSTU".includes(field)) throw new CodecFault("malformed", "an error with an unknown field");
    }
  }

  /** A typed array or `Buffer`, as Node.js writes them: class, length, bytes. */
  #hostObject(): void {
    const viewClass = this.#varint();
    if (viewClass > MAX_HOST_CLASS) throw new CodecFault("malformed", "bytes of an unknown class");
    this.cursor.skip(this.#varint());
  }
}
