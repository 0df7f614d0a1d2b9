import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { formatPath, UncopyablePart } from "../../entry/uncopyable-part.ts";
import { DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { decodeGob } from "./decode-gob.ts";
import { type EncodeGobOptions, encodeGob } from "./encode-gob.ts";
import { gobStruct } from "./gob-struct.ts";

function hex(value: unknown, options: EncodeGobOptions = {}): string {
  return Buffer.from(encodeGob(value, options)).toString("hex");
}

function roundTrip(value: unknown, options: EncodeGobOptions = {}): unknown {
  return decodeGob(encodeGob(value, options), DEFAULT_CODEC_LIMITS, options);
}

function refusalOf(value: unknown, options: EncodeGobOptions = {}): string {
  try {
    encodeGob(value, options);
  } catch (error) {
    if (error instanceof UncopyablePart) return `${error.reason} at ${formatPath(error.steps)}`;
    throw error;
  }
  return "written";
}

describe("encodeGob", () => {
  it("writes what Go writes", () => {
    const point = gobStruct("Point", { x: "int", y: "int" });
    // The example of Go's documentation.
    const example = "1fff8103010105506f696e7401ff82000102010158010400010159010400000007ff82012c014200";
    expect(hex({ x: 22, y: 33 }, { structs: [point] })).toBe(example);
    expect(hex(3)).toBe("03040006");
    expect(hex("hi")).toBe("050c00026869");
    expect(hex(true)).toBe("03020001");
    expect(hex(1.5)).toBe("050800fef83f");
    expect(hex(-129)).toBe("050400fe0101");
    expect(hex(null)).toBe("03100000");
    expect(hex(5, { root: "interface" })).toBe("0a100003696e740402000a");
  });

  it("writes the same for the same value, and nothing of another one", () => {
    const value = { list: [1, "a", { deep: new Date(0) }], bytes: new Uint8Array(2_000).fill(7) };
    const first = hex(value);
    expect(hex({ secret: "x".repeat(3_000) })).not.toBe(first);
    expect(hex(value)).toBe(first);
  });

  it("keeps apart what Go does not", () => {
    for (const value of [
      0,
      -0,
      0n,
      null,
      undefined,
      "",
      [],
      {},
      new Map(),
      new Set(),
      new Uint8Array(0),
      Buffer.alloc(0),
    ]) {
      expect(roundTrip(value)).toStrictEqual(value);
      expect(roundTrip([value, 1])).toStrictEqual([value, 1]);
      expect(roundTrip({ value })).toStrictEqual({ value });
    }
    expect(Object.is(roundTrip(-0), -0)).toBe(true);
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(Object.getPrototypeOf(roundTrip(bare))).toBe(null);
    expect(Object.getPrototypeOf((roundTrip({ bare }) as { bare: object }).bare)).toBe(null);
  });

  it("writes shared parts twice", () => {
    const shared = { a: 1 };
    const read = roundTrip([shared, shared]) as readonly object[];
    expect(read).toEqual([shared, shared]);
    expect(read[0]).not.toBe(read[1]);
  });

  it("reads getters once and writes what they give", () => {
    let count = 0;
    const value = {
      get part() {
        count += 1;
        return count;
      },
    };
    expect(roundTrip(value)).toEqual({ part: 1 });
    expect(count).toBe(1);
  });

  it("lets what a getter throws pass", () => {
    const value = {
      get part(): number {
        throw new TypeError("no");
      },
    };
    expect(() => encodeGob(value)).toThrow(TypeError);
  });

  it("refuses an element that is another one when it is written", () => {
    const list: unknown[] = [1, 2];
    let reads = 0;
    Object.defineProperty(list, 0, { enumerable: true, configurable: true, get: () => (reads++ === 0 ? 1 : "one") });
    expect(refusalOf(list)).toBe("a string where int is expected, at $[0]");
  });
});

describe("encodeGob refuses, and names the path of", () => {
  const hole = [1, 2];
  delete hole[0];
  const cycle: Record<string, unknown> = {};
  cycle["self"] = [cycle];
  const named = Object.assign([1], { extra: 1 });
  class Point {
    readonly x = 1;
  }
  class MyDate extends Date {}
  class MyMap extends Map<unknown, unknown> {}
  class MyArray extends Array {}
  class MyBytes extends Uint8Array<ArrayBuffer> {}
  const instance = "an instance of a class, which would lose its prototype,";
  const lost = (name: string) => `an object with the property "${name}", which a copy would lose,`;

  it.each<[string, unknown, string]>([
    ["a function", { a: [() => 1] }, "a function at $.a[0]"],
    ["a symbol", [Symbol("s")], "a symbol at $[0]"],
    ["a property named by a symbol", { a: { [Symbol("s")]: 1 } }, "a property named by a symbol at $.a"],
    ["a hidden property", { a: Object.defineProperty({}, "h", { value: 1 }) }, `${lost("h")} at $.a`],
    ["a class instance", { list: [1, new Point()] }, `${instance} at $.list[1]`],
    ["a class instance alone", new Point(), `${instance} at $`],
    ["a subclass of Date", [new MyDate(0)], `${instance} at $[0]`],
    ["a subclass of Map", new MyMap([["a", 1]]), `${instance} at $`],
    ["a subclass of Array", { a: MyArray.from([1]) }, `${instance} at $.a`],
    ["a subclass of Uint8Array", [Reflect.construct(MyBytes, [1])], `${instance} at $[0]`],
    ["a RegExp", { a: /x/ }, `${instance} at $.a`],
    ["an Error", [new Error("x")], `${instance} at $[0]`],
    ["a boxed primitive", [Object(1)], `${instance} at $[0]`],
    ["an ArrayBuffer", { a: new ArrayBuffer(1) }, `${instance} at $.a`],
    ["a DataView", { a: new DataView(new ArrayBuffer(1)) }, `${instance} at $.a`],
    ["a Uint8ClampedArray", [new Uint8ClampedArray(1)], `${instance} at $[0]`],
    ["a WeakMap", [new WeakMap()], `${instance} at $[0]`],
    ["a Promise", Promise.resolve(1), `${instance} at $`],
    ["an invalid Date", { at: new Date(Number.NaN) }, "an invalid Date, which Go has not, at $.at"],
    ["a Date with a property", [Object.assign(new Date(0), { x: 1 })], `${lost("x")} at $[0]`],
    ["bytes with a property", [Object.assign(new Uint8Array(1), { x: 1 })], `${lost("x")} at $[0]`],
    ["a Map with a property", Object.assign(new Map(), { x: 1 }), `${lost("x")} at $`],
    ["a hole", { a: hole }, "a hole of an array at $.a[0]"],
    ["an array's own name", [named], 'an array with the property "extra", which a gob would lose, at $[0]'],
    ["half a character", { a: { b: "x\ud800" } }, "a string with half a character at $.a.b"],
    ["half a character in a name", { a: { "x\udc00": 1 } }, `a string with half a character at $.a["x\\udc00"]`],
    ["an object as a key", new Map([[{}, 1]]), "a key of a Map that Go cannot have, at $[0]"],
    ["an array as a key", { m: new Map([["a", 1], [[1], 2]] as never) }, "a key of a Map that Go cannot have, at $.m[1]"], // biome-ignore format: one line
    ["bytes as a key", new Map([[new Uint8Array(1), 1]]), "a key of a Map that Go cannot have, at $[0]"],
    ["undefined as a key", new Map([[undefined, 1]]), "a key of a Map that Go cannot have, at $[0]"],
    ["a huge bigint as a key", new Map([[2n ** 64n, 1]]), "a key of a Map that Go cannot have, at $[0]"],
    ["a part of a Set", new Set([1, () => 1]), "a function at $[1]"],
  ])("%s", (_, value, refusal) => {
    expect(refusalOf(value)).toBe(refusal);
  });

  it("a detached buffer", () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(refusalOf([bytes])).toBe("a detached ArrayBuffer at $[0]");
  });

  it("a cycle, and what is nested more deeply than it could be read", () => {
    expect(refusalOf(cycle)).toMatch(/^a part that is nested too deeply at \$\.self\[0\]\.self/);
    const nest = (depth: number): unknown => {
      let value: unknown = [];
      for (let level = 1; level < depth; level += 1) value = [value];
      return value;
    };
    expect(JSON.stringify(roundTrip(nest(1_000)))).toBe(JSON.stringify(nest(1_000)));
    expect(refusalOf(nest(1_001))).toMatch(/^a part that is nested too deeply/);
    const unlimited = { limits: { ...DEFAULT_CODEC_LIMITS, maxDepth: Number.POSITIVE_INFINITY } };
    expect(refusalOf(nest(100_000), unlimited)).toMatch(/^a part that is nested too deeply/);
  });

  it("more than the limit as soon as it is passed, not when all has been read", () => {
    let readCount = 0;
    const value = {};
    const get = () => {
      readCount += 1;
      return "x".repeat(4_000);
    };
    for (let index = 0; index < 100; index += 1) Object.defineProperty(value, `p${index}`, { enumerable: true, get });
    const limits = { ...DEFAULT_CODEC_LIMITS, maxValueBytes: 10_000 };
    expect(refusalOf(value, { limits })).toMatch(/^a value larger than the limit/);
    expect(readCount).toBeLessThan(5);
  });

  it("more than the limit, also when a small value has many shared parts", () => {
    const limits = { ...DEFAULT_CODEC_LIMITS, maxValueBytes: 10_000 };
    expect(refusalOf("x".repeat(9_990), { limits })).toBe("written");
    expect(refusalOf("x".repeat(10_000), { limits })).toBe("a value larger than the limit at $");
    // Smaller than the room that the writer begins with.
    expect(refusalOf("hello", { limits: { ...limits, maxValueBytes: 8 } })).toBe("a value larger than the limit at $");
    expect(refusalOf("hello", { limits: { ...limits, maxValueBytes: 9 } })).toBe("written");
    for (const join of [(part: unknown) => [part, part], (part: unknown) => ({ a: part, b: part })]) {
      let value: unknown = 1;
      for (let level = 0; level < 60; level += 1) value = join(value);
      expect(refusalOf(value, { limits })).toMatch(/^a value larger than the limit/);
    }
  });
});
