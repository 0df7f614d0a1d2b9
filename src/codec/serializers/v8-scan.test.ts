import { Buffer } from "node:buffer";
import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { CodecFault, type UnreadableReason } from "../codec-fault.ts";
import { MAX_V8_HOLES, scanStructuredBytes } from "./v8-scan.ts";

const LIMITS = { maxValueBytes: 2 ** 26, maxDepth: 20 };

function faultOf(bytes: Uint8Array, from = 0): UnreadableReason | undefined {
  try {
    scanStructuredBytes(bytes, from, LIMITS);
    return undefined;
  } catch (fault) {
    if (fault instanceof CodecFault) return fault.reason;
    throw fault;
  }
}

/** A value's bytes by their tags: texts as they are, numbers as bytes. */
function bytesOf(...parts: readonly (string | number | readonly number[])[]): Buffer {
  return Buffer.concat([
    Buffer.of(0xff, 0x0f),
    ...parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from([part].flat()))),
  ]);
}

const sparse: unknown[] = [];
sparse[5_000] = 1;
const VALUES: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    -1,
    2 ** 31,
    1.5,
    Number.NaN,
    123n,
    -(2n ** 70n),
    "",
    "text",
    "é",
    "日本",
    "x日",
  ],
  ...["x".repeat(127), "x".repeat(128), "x".repeat(20_000), "日".repeat(200)],
  ...[{}, [], [1, 2], [1, undefined, "a"], Object.assign([1], { 3: 1 }), Object.assign([1], { name: 1 }), sparse],
  ...[
    { a: 1, b: { c: [1, { d: "日" }] } },
    new Map<unknown, unknown>([
      ["a", 1],
      [{}, []],
    ]),
    new Set([1, "a", {}]),
  ],
  ...[new Date(0), /a日/gi, Object("a"), Object(1), Object(true), Object(1n), new Uint8Array(3).buffer],
  ...[new Error("no"), new TypeError("日", { cause: { a: [1] } }), new RangeError("x", { cause: new Error("y") })],
];
const WITH_VIEWS = [Buffer.from("abc"), new Uint8Array(3), new Float64Array(2), new DataView(new ArrayBuffer(4))];

describe("scanStructuredBytes", () => {
  it("takes what the platform writes, wherever it stands, and tells what has views", () => {
    for (const value of [...VALUES, VALUES]) {
      const bytes = serialize(value);
      expect(scanStructuredBytes(bytes, 0, LIMITS).hasViews).toBe(false);
      expect(scanStructuredBytes(Buffer.concat([Buffer.alloc(7, 0x22), bytes]), 7, LIMITS).hasViews).toBe(false);
    }
    for (const view of WITH_VIEWS) {
      expect(scanStructuredBytes(serialize(view), 0, LIMITS).hasViews).toBe(true);
      expect(scanStructuredBytes(serialize({ a: [1, { view }] }), 0, LIMITS).hasViews).toBe(true);
    }
  });

  it("refuses every beginning of a value, and anything behind it", () => {
    for (const value of [...VALUES, ...WITH_VIEWS, [VALUES, WITH_VIEWS]]) {
      const bytes = serialize(value);
      for (let length = 0; length < Math.min(bytes.length, 2_000); length += 1) {
        expect(faultOf(bytes.subarray(0, length))).toBe("malformed");
      }
      expect(faultOf(Buffer.concat([bytes, Buffer.of(0x30)]))).toBe("malformed");
    }
  });

  it("counts levels: of objects, arrays, maps, sets, errors and what bytes lie in", () => {
    const deep = (depth: number, wrap: (inner: unknown) => unknown): Buffer => {
      let value: unknown = 1;
      for (let level = 0; level < depth; level += 1) value = wrap(value);
      return serialize(value);
    };
    for (const wrap of [
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => [inner],
      (inner: unknown) => new Map([[inner, inner]]),
      (inner: unknown) => new Set([inner]),
      (inner: unknown) => Object.assign([1], { 3: inner }),
    ]) {
      expect(faultOf(deep(LIMITS.maxDepth, wrap))).toBeUndefined();
      expect(faultOf(deep(LIMITS.maxDepth + 1, wrap))).toBe("too-large");
    }
    const around = (count: number, inner: Buffer): Buffer =>
      bytesOf("A\u0001".repeat(count), [...inner.subarray(2)], "$\0\u0001".repeat(count));
    for (const inner of [Buffer.from("a"), new ArrayBuffer(1), new Error("e")]) {
      expect(faultOf(around(LIMITS.maxDepth - 1, serialize(inner)))).toBeUndefined();
      expect(faultOf(around(LIMITS.maxDepth, serialize(inner)))).toBe("too-large");
    }
  });

  it.each<[string, Buffer, UnreadableReason]>([
    ["no header", Buffer.from("o"), "malformed"],
    ["an old version", Buffer.of(0xff, 12, 0x30), "malformed"],
    ["a newer version", Buffer.of(0xff, 16, 0x30), "newer-format"],
    ["a tag that nobody has", bytesOf("?"), "malformed"],
    ["shared memory", bytesOf("u\0"), "malformed"],
    ["a module of WebAssembly", bytesOf("W\0"), "malformed"],
    ["a text longer than its bytes", bytesOf('"\u0005abc'), "malformed"],
    ["a long text longer than its bytes", bytesOf('"', [0xff, 0x01], "abc"), "malformed"],
    ["a number that does not end", bytesOf("I", [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), "malformed"],
    ["an array longer than its bytes", bytesOf("A", [0xff, 0xff, 0xff, 0x7f]), "malformed"],
    ["an array whose end comes early", bytesOf("A\u0002", "_", "$\0\u0002"), "malformed"],
    ["an end of something else", bytesOf("o", "$\0"), "malformed"],
    ["a hole in an object", bytesOf("o", "-", "{\0"), "malformed"],
    ["too many holes", bytesOf("a", varint(MAX_V8_HOLES + 1), "@\0", varint(MAX_V8_HOLES + 1)), "too-large"],
    [
      "too many holes in two arrays",
      bytesOf("A\u0002", ...[1, 2].flatMap(() => ["a", varint(600_000), "@\0", varint(600_000)]), "$\0\u0002"),
      "too-large",
    ],
    ["bytes of an unknown class", bytesOf("\\\u000e\u0001a"), "malformed"],
    ["views longer than their bytes", bytesOf("\\\u0001\u0005a"), "malformed"],
    ["a regular expression without a text", bytesOf("R", "_", "\0"), "malformed"],
    ["an error with an unknown field", bytesOf("r", "x", "."), "malformed"],
    ["an error whose message is longer than its bytes", bytesOf("r", 'm"\u0009a'), "malformed"],
  ])("refuses %s", (_name, bytes, reason) => {
    expect(faultOf(bytes)).toBe(reason);
  });

  it("takes padding where the platform may write it", () => {
    expect(faultOf(bytesOf("\0\0", '"\u0001a'))).toBeUndefined();
    expect(faultOf(bytesOf("o", "\0", '"\u0001a', "\0", "_", "\0", "{\u0001"))).toBeUndefined();
    expect(faultOf(bytesOf("R", "\0", '"\u0001a', "\0"))).toBeUndefined();
  });
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
