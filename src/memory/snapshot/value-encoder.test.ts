import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { NameReader, NameWriter } from "./name-table.ts";
import { SECTION_HEAD_BYTES } from "./snapshot-layout.ts";
import { ValueDecoder } from "./value-decoder.ts";
import { ValueEncoder } from "./value-encoder.ts";

function encode(value: unknown): Buffer {
  const writer = new ByteWriter();
  new ValueEncoder(writer, new NameWriter()).write(value);
  return writer.take(0).subarray(SECTION_HEAD_BYTES);
}

function decode(bytes: Buffer): unknown {
  const reader = new ByteReader(bytes);
  const value = new ValueDecoder(reader, new NameReader()).read();
  expect(reader.isAtEnd).toBe(true);
  return value;
}

const back = <T>(value: T): T => decode(encode(value)) as T;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

const VALUES: Readonly<Record<string, unknown>> = {
  "numbers at every border": [
    ...[0, -0, 1, -1, 127, 128, -128, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 0.1],
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324],
  ],
  bigints: [0n, 1n, -1n, 255n, 256n, -(2n ** 64n), 2n ** 1_000n],
  "texts of both widths and all lengths around the borders": [0, 1, 39, 40, 41, 63, 64, 5_000].flatMap((length) => [
    "a".repeat(length),
    "ÿ".repeat(length),
    "語".repeat(length),
    `${"a".repeat(length)}\ud800`,
    `${"a".repeat(length)}\u0000`,
  ]),
  "plain things": [null, undefined, true, false, "", [], {}],
  "objects with odd names": JSON.parse('{"__proto__":{"a":1},"constructor":2,"":3,"10":4,"2":5,"é\\ud83d\\ude00":6}'),
  "an object without a prototype": Object.assign(Object.create(null) as object, { a: 1 }),
  "holes at the beginning, inside and at the end": Object.assign(new Array<unknown>(8), { 2: 1, 4: undefined, 5: 2 }),
  "an array with four billion holes": Object.assign([1], { [4_000_000_000]: 2, named: 3 }),
  "a long array of holes": Object.assign(new Array<number>(5_000), { 3000: 1 }),
  "an array with names": "2026-01-01".match(/(?<year>\d+)-(\d+)/),
  "a long array with names": Object.assign(
    Array.from({ length: 100 }, (_, index) => index),
    { extra: [1] },
  ),
  maps: new Map<unknown, unknown>([
    [{ a: 1 }, new Map([[1, 2]])],
    [Number.NaN, undefined],
  ]),
  sets: new Set<unknown>([new Set(), [], "x", undefined]),
  dates: [new Date(0), new Date(8.64e15)],
  boxed: [Object("text"), Object(1), Object(false), Object(5n)],
  bytes: [
    Buffer.from("abc"),
    Buffer.alloc(0),
    new Uint8Array([1, 2]),
    new Uint8Array(2).buffer,
    Buffer.alloc(100_000, 7),
  ],
  views: [
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
    ...[Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map((View) => new View([1, 2])),
    ...[
      new Float32Array([0.5, Number.NaN]),
      new Float64Array([-0]),
      new BigInt64Array([-1n]),
      new BigUint64Array([1n]),
    ],
  ],
};

describe("a value", () => {
  it.each(Object.entries(VALUES))("reads back equal: %s", (_, value) => {
    expect(isDeepStrictEqual(back(value), value)).toBe(true);
  });

  it("may be a date that is none", () => {
    expect(back(new Date(Number.NaN)).getTime()).toBeNaN();
  });

  it("keeps classes, -0 and lone surrogates", () => {
    const read = back([Buffer.from("x"), -0, "\ud800", Object.create(null)]) as unknown[];
    expect(Buffer.isBuffer(read[0])).toBe(true);
    expect(Object.is(read[1], -0)).toBe(true);
    expect(read[2]).toBe("\ud800");
    expect(Object.getPrototypeOf(read[3])).toBeNull();
  });

  it("keeps flags and position of a regular expression", () => {
    const source = /a\/b+/giu;
    source.lastIndex = 3;
    const read = back(source);
    expect([read.source, read.flags, read.lastIndex]).toEqual([source.source, source.flags, 3]);
  });

  it("keeps class, message, stack and cause of an error, and what of it is enumerable", () => {
    const source = new RangeError("far", { cause: { code: 5 } });
    Object.defineProperty(source, "message", { enumerable: true });
    const read = back(source);
    expect(read).toBeInstanceOf(RangeError);
    expect([read.message, read.stack, read.cause]).toEqual([source.message, source.stack, source.cause]);
    expect(Object.keys(read)).toEqual(["message"]);
    const bare = new Error("x");
    Reflect.deleteProperty(bare, "stack");
    expect(Object.hasOwn(back(bare), "stack")).toBe(false);
  });

  it("keeps cycles and shared parts, few and many", () => {
    const shared = { a: 1 };
    const parts: unknown[] = Array.from({ length: 40 }, (_, index) => ({ index }));
    const source: Record<string, unknown> = { first: shared, second: shared, parts, again: [...parts] };
    source["self"] = source;
    const read = back(source) as Record<string, unknown[]>;
    expect(read["self"]).toBe(read);
    expect(read["first"]).toBe(read["second"]);
    expect(read["parts"]?.every((part, index) => part === read["again"]?.[index])).toBe(true);
    expect(new Set(read["parts"]).size).toBe(40);
  });

  it("nests up to 1,000 levels", () => {
    expect(back(nested(1_000))).toEqual(nested(1_000));
    expect(() => encode(nested(1_001))).toThrow(expect.objectContaining({ reason: expect.stringContaining("deeply") }));
  });
});

class Point {
  x = 1;
}

const REFUSED: Readonly<Record<string, unknown>> = {
  "a function": { f: () => 1 },
  "a symbol": [Symbol("x")],
  "an instance of a class": { p: new Point() },
  "a subclass of Map": new (class extends Map {})(),
  "a subclass of Error": new (class extends Error {})("x"),
  "a subclass of Array": new (class extends Array {})(),
  "a property named by a symbol": { [Symbol.iterator]: 1 },
  "a symbol on an array": Object.assign([1], { [Symbol.iterator]: 1 }),
  "a property that is not enumerable": Object.defineProperty({}, "hidden", { value: 1 }),
  "a property on a Map": Object.assign(new Map(), { extra: 1 }),
  "a WeakMap": new WeakMap(),
  "a promise": Promise.resolve(1),
  "a URL": new URL("http://localhost/"),
  "shared memory": new SharedArrayBuffer(1),
};

describe("a value that would come back changed", () => {
  it.each(Object.entries(REFUSED))("is refused: %s", (_, value) => {
    expect(() => encode(value)).toThrow();
  });
});

describe("bytes that no encoder wrote", () => {
  /** Fills memory, nests without end, or names what is not there. */
  const HOSTILE: Readonly<Record<string, readonly number[]>> = {
    "a text of 2^52 characters": [8, 254, 255, 255, 255, 255, 255, 255, 15],
    "a number of nine bytes": [4, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    "a buffer larger than what follows": [22, 0, 255, 255, 3],
    "a bigint larger than what follows": [6, 255, 255, 3],
    "an array of 2^40 elements": [11, 128, 128, 128, 128, 128, 32],
    "an array with more holes than elements": [11, 2, 13, 3],
    "an array with no holes where some should be": [11, 2, 13, 0],
    "an end outside": [16],
    "an end inside an array": [11, 1, 16],
    "a map with a key alone": [14, 129, 16],
    "boxes in boxes": new Array<number>(100_000).fill(20),
    "a box with nothing in it": [20, 1],
    "arrays in arrays": Array.from({ length: 200_000 }, (_, index) => (index % 2 === 0 ? 11 : 1)),
    "a reference to nothing": [23, 0],
    "a name that was not given": [9, 1, 1],
    "an error of an unknown class": [19, 9, 0],
    "a view of an unknown class": [22, 99, 0],
    "half an element": [22, 5, 1, 0],
    "an unknown kind": [99],
    nothing: [],
  };

  it.each(Object.entries(HOSTILE))("are a fault: %s", (_, bytes) => {
    expect(() => decode(Buffer.from(bytes))).toThrow(expect.objectContaining({ offsetBytes: expect.any(Number) }));
  });

  it("take no memory for holes that an array does not fill", () => {
    const read = decode(Buffer.from([11, 255, 255, 255, 255, 15, 13, 255, 255, 255, 255, 15])) as unknown[];
    expect(read.length).toBe(2 ** 32 - 1);
    expect(Object.keys(read)).toEqual([]);
  });
});
