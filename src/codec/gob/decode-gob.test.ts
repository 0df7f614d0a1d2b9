import { describe, expect, it } from "vitest";
import {
  type RawPart,
  raw,
  rawArray,
  rawChunk,
  rawDefinition,
  rawInt,
  rawMap,
  rawSlice,
  rawStruct,
  rawText,
  rawUint,
  rawValue,
  rawWireType,
} from "../../../test/support/raw-gob.ts";
import { CodecFault, type UnreadableReason } from "../codec-fault.ts";
import { type CodecLimits, DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { decodeGob } from "./decode-gob.ts";
import { gobStruct } from "./gob-struct.ts";

const INT = 2;
const FLOAT = 4;
const STRING = 6;
const ANY = 8;

function decode(...parts: readonly RawPart[]): unknown {
  return decodeGob(raw(...parts), DEFAULT_CODEC_LIMITS);
}

function faultOf(parts: readonly RawPart[], limits: CodecLimits = DEFAULT_CODEC_LIMITS): CodecFault {
  try {
    const value = decodeGob(raw(...parts), limits);
    throw new Error(`was read: ${String(value)}`);
  } catch (error) {
    if (!(error instanceof CodecFault)) throw error;
    return error;
  }
}

function expectFault(parts: readonly RawPart[], detail: string, reason: UnreadableReason = "malformed"): void {
  expect(faultOf(parts)).toMatchObject({ reason, detail });
}

describe("decodeGob", () => {
  it("reads the example that Go documents", () => {
    const example = "1fff8103010105506f696e7401ff82000102010158010400010159010400000007ff82012c014200";
    expect(decode(Buffer.from(example, "hex"))).toEqual({ X: 22, Y: 33 });
    expect(decode(Buffer.from("03040006", "hex"))).toBe(3);
  });

  it("reads integers as numbers as long as numbers can hold them", () => {
    const limit = 2 ** 53;
    expect(decode(rawValue(INT, rawInt(limit - 1)))).toBe(limit - 1);
    expect(decode(rawValue(INT, rawInt(-limit + 1)))).toBe(-limit + 1);
    expect(decode(rawValue(INT, rawInt(limit)))).toBe(BigInt(limit));
    expect(decode(rawValue(INT, rawInt(-limit)))).toBe(BigInt(-limit));
    expect(decode(rawValue(3, rawUint(limit - 1)))).toBe(limit - 1);
    expect(decode(rawValue(3, rawUint(limit)))).toBe(BigInt(limit));
  });

  it("reads a padded number as a bigint, padded bytes as a Buffer, a padded nil as undefined", () => {
    expect(decode(rawValue(INT, 255, 10))).toBe(5n);
    expect(decode(rawValue(INT, 254, 0, 200))).toBe(100n);
    expect(decode(rawValue(3, 255, 0))).toBe(0n);
    expect(decode(rawValue(5, 255, 2, "hi"))).toStrictEqual(Buffer.from("hi"));
    expect(decode(rawValue(5, 2, "hi"))).toStrictEqual(new Uint8Array([104, 105]));
    expect(decode(rawValue(ANY, 255, 0))).toBeUndefined();
    expect(decode(rawValue(ANY, 0))).toBeNull();
  });

  it("returns nothing that shares memory with the input", () => {
    for (const length of [[3], [255, 3]]) {
      const bytes = raw(rawValue(5, ...length, "abc"));
      const value = decodeGob(bytes, DEFAULT_CODEC_LIMITS) as Uint8Array;
      bytes.fill(0);
      expect(Buffer.from(value).toString()).toBe("abc");
    }
  });

  it("makes own properties of hostile names", () => {
    const value = decode(rawMap(65, STRING, INT), rawValue(65, 2, rawText("__proto__"), 2, rawText("constructor"), 4));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value as object)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    const struct = decode(rawStruct(65, "S", [["__proto__", INT]]), rawChunk(rawInt(65), 1, 2, 0));
    expect(Object.getPrototypeOf(struct)).toBe(Object.prototype);
    expect(Object.entries(struct as object)).toEqual([["__proto__", 1]]);
    // Left out, it is a property all the same.
    expect(Object.keys(decode(rawStruct(65, "S", [["__proto__", INT]]), rawChunk(rawInt(65), 0)) as object)).toEqual([
      "__proto__",
    ]);
  });

  it("gives fields the names that a struct of the program has, and keeps those it does not know", () => {
    const user = gobStruct("main.User", { id: { name: "ID", type: "int" }, name: "string" });
    const fields = [
      ["ID", INT],
      ["Name", STRING],
      ["Extra", INT],
    ] as const;
    const bytes = raw(rawStruct(65, "User", fields), rawChunk(rawInt(65), 1, 14, 2, 6, 0));
    expect(decodeGob(bytes, DEFAULT_CODEC_LIMITS, { structs: [user] })).toEqual({ id: 7, name: "", Extra: 3 });
    const taken = raw(rawStruct(65, "User", [["ID", INT], ["id", INT]]), rawChunk(rawInt(65), 0)); // biome-ignore format: one line
    expect(() => decodeGob(taken, DEFAULT_CODEC_LIMITS, { structs: [user] })).toThrow(CodecFault);
  });

  it("reads types that are defined between the parts of a value, also inside interfaces", () => {
    const inner = raw(rawInt(-67), rawWireType(67, 2, "", 1, rawInt(INT)));
    // []interface{}{ []int{1} }, whose type is defined after the name of the element's type.
    const head = rawChunk(rawInt(65), 0, 1, rawText("[]int"), inner);
    const tail = rawChunk(rawInt(67), rawChunk(0, 1, 2));
    expect(decode(rawSlice(65, ANY), head, tail)).toEqual([[1]]);
    // The same in an interface in an interface: the chunk of the outer one is split.
    const split = [rawChunk(0, 1, rawText("[]int"), inner), rawChunk(rawInt(67), rawChunk(0, 1, 2))];
    expect(decode(rawSlice(65, ANY), rawValue(65, 1, rawText("[]interface {}"), rawInt(65), split))).toEqual([[[1]]]);
  });
});

describe("decodeGob refuses", () => {
  it("what is cut off, goes on, or is nothing", () => {
    expectFault([], "a value that is cut off");
    expectFault([rawInt(3)], "a part longer than what it is in");
    expectFault([rawValue(INT, 6), rawValue(INT, 6)], "messages behind the value");
    expectFault([rawValue(INT, 6, 6)], "bytes behind a value");
    expectFault([rawSlice(65, INT)], "a value that is cut off");
    expectFault([rawChunk(rawInt(-65), rawWireType(65, 2, "", 1, rawInt(INT)), 0)], "bytes behind a value");
    expectFault([rawChunk(rawInt(INT), 1, 6)], "a value with a field's number");
    expectFault([rawValue(INT, 247, 1, 1, 1, 1, 1, 1, 1, 1, 1)], "a number of more than 8 bytes");
    expectFault([rawValue(INT, 254, 1)], "a value that is cut off");
    expectFault([rawValue(STRING, 5, "abc")], "a text longer than its bytes");
    expectFault([rawValue(STRING, rawUint(2n ** 63n))], "a length beyond all bytes");
    expectFault([rawValue(1, 2)], "a truth value that is neither");
  });

  it("more elements than there are bytes, before it makes room for them", () => {
    const huge = rawUint(2n ** 52n);
    expectFault([rawSlice(65, INT), rawValue(65, huge)], "more elements than bytes");
    expectFault([rawArray(65, INT, 2 ** 40), rawValue(65, rawUint(2 ** 40))], "more elements than bytes");
    expectFault([rawMap(65, INT, INT), rawValue(65, huge)], "more elements than bytes");
    expectFault([rawMap(65, STRING, INT), rawValue(65, huge)], "more elements than bytes");
    expectFault([rawSlice(65, INT, "js:Set"), rawValue(65, huge)], "more elements than bytes");
    expectFault([rawSlice(65, FLOAT, "js:Float64Array"), rawValue(65, huge)], "more elements than bytes");
    expectFault([rawDefinition(65, 3, "S", 1, huge)], "more elements than bytes");
  });

  it("types that are none, two, unknown, defined twice, gob's own, or not there", () => {
    expectFault([rawChunk(rawInt(-65), 0), rawValue(65, 0)], "a type that is none");
    const slice = [1, 2, rawInt(65), 0, 1, rawInt(INT), 0];
    expectFault([rawChunk(rawInt(-65), 2, slice, 1, slice, 0)], "a type that is two types");
    expectFault([rawDefinition(65, 9, "")], "a type of an unknown kind");
    expectFault([rawSlice(65, INT), rawSlice(65, INT), rawValue(65, 0)], "a type that is defined twice");
    expectFault([rawSlice(20, INT), rawValue(20, 0)], "a definition of one of gob's own types");
    expectFault([rawChunk(rawInt(2n ** 40n), 0)], "a type with a number out of range");
    expectFault([rawValue(65, 0)], "a value of a type that is not defined");
    expectFault([rawValue(18, 0)], "a value of a type that is not defined");
    expectFault([rawSlice(65, 99), rawValue(65, 1, 0)], "a value of a type that is not defined");
    expectFault([rawStruct(65, "S", [["A", 99]]), rawChunk(rawInt(65), 0)], "a value of a type that is not defined");
    expectFault([rawSlice(65, -5), rawValue(65, 0)], "a type with a number out of range");
    expectFault([rawDefinition(65, 2, "", 3, 2)], "a type with an unknown field");
  });

  it("structs with a field twice, without a name, or out of range", () => {
    const twice = rawStruct(65, "S", [["A", INT], ["A", INT]]); // biome-ignore format: one line
    expectFault([twice, rawChunk(rawInt(65), 0)], "a struct with the same field twice");
    expectFault([rawDefinition(65, 3, "S", 1, 1, 2, rawInt(INT), 0, 0, 0)], "a field without a name");
    const one = rawStruct(65, "S", [["A", INT]]);
    expectFault([one, rawChunk(rawInt(65), 2, 2, 0)], "a field that its struct does not have");
    expectFault([one, rawChunk(rawInt(65), 1, 2, 1, 2, 0)], "a field that its struct does not have");
    expectFault([one, rawChunk(rawInt(65), 1, 2)], "a value that is cut off");
  });

  it("arrays of another length than their type's", () => {
    expect(decode(rawArray(65, INT, 2), rawValue(65, 2, 2, 4))).toEqual([1, 2]);
    expectFault([rawArray(65, INT, 2), rawValue(65, 1, 2)], "an array of another length than its type's");
  });

  it("maps and sets that would lose a key", () => {
    const map = "a map with two keys that are the same in JavaScript";
    expectFault([rawMap(65, STRING, INT), rawValue(65, 2, rawText("a"), 2, rawText("a"), 4)], map);
    expectFault([rawMap(65, INT, INT), rawValue(65, 2, 2, 2, 2, 4)], map);
    expectFault([rawSlice(65, INT, "js:Set"), rawValue(65, 2, 2, 2)], "a set with the same member twice");
  });

  it("typed arrays with elements that the class cannot hold", () => {
    const range = "a typed array with a number out of range";
    expect(decode(rawSlice(65, INT, "js:Int8Array"), rawValue(65, 1, rawInt(-128)))).toStrictEqual(Int8Array.of(-128));
    expectFault([rawSlice(65, INT, "js:Int8Array"), rawValue(65, 1, rawInt(128))], range);
    expectFault([rawSlice(65, INT, "js:Int32Array"), rawValue(65, 1, rawInt(2n ** 60n))], range);
    expectFault([rawSlice(65, INT, "js:Float64Array"), rawValue(65, 0)], "a typed array of another type");
  });

  it("interfaces in interfaces, with names that are too long, or with lengths that are wrong", () => {
    const nested = rawValue(ANY, rawText("x"), rawInt(ANY), rawChunk(0, 0));
    expectFault([nested], "an interface in an interface");
    expectFault(
      [rawValue(ANY, rawText("x".repeat(1_025)), rawInt(INT), rawChunk(0, 2))],
      "a type with a name that is too long",
    );
    expectFault([rawValue(ANY, rawText("int"), rawInt(INT), 3, 0, 2)], "a part longer than what it is in");
    expectFault([rawSlice(65, ANY), rawValue(65, 1, rawText("int"), rawInt(INT), rawChunk(0, 2, 2))], "bytes behind a value"); // biome-ignore format: one line
  });

  it("what is nested too deeply, also when its type goes in circles", () => {
    const deepest = (depth: number): readonly RawPart[] => [
      rawSlice(65, 65),
      rawValue(65, new Uint8Array(depth - 1).fill(1), 0),
    ];
    const limits = { ...DEFAULT_CODEC_LIMITS, maxDepth: 10 };
    expect(JSON.stringify(decodeGob(raw(...deepest(10)), limits))).toBe("[[[[[[[[[[]]]]]]]]]]");
    expect(faultOf(deepest(11), limits)).toMatchObject({
      reason: "too-large",
      detail: "a gob that is nested too deeply",
    });
    expect(decode(...deepest(1_000))).toBeInstanceOf(Array);
    expect(faultOf(deepest(1_001)).reason).toBe("too-large");
    const node = rawStruct(65, "S", [["Next", 65]]);
    expect(faultOf([node, rawChunk(rawInt(65), new Uint8Array(5_000).fill(1))]).reason).toBe("too-large");
    // A limit beyond the stack: still a fault.
    const unlimited = { ...DEFAULT_CODEC_LIMITS, maxDepth: Number.POSITIVE_INFINITY };
    expect(faultOf(deepest(1_000_000), unlimited).reason).toBe("too-large");
  });

  it("more bytes than the limit", () => {
    expect(faultOf([rawValue(INT, 6)], { ...DEFAULT_CODEC_LIMITS, maxValueBytes: 3 }).reason).toBe("too-large");
  });

  it("few bytes that stand for much memory", () => {
    const limits = { ...DEFAULT_CODEC_LIMITS, maxValueBytes: 2 ** 20 };
    const zeros = new Uint8Array(500_000);
    const detail = "a gob that would take too much memory";
    const fields = Array.from({ length: 300 }, (_, index) => [`F${index}`, INT] as const);
    const structs = [rawStruct(65, "S", fields), rawSlice(66, 65), rawValue(66, rawUint(zeros.length), zeros)];
    expect(faultOf(structs, limits)).toMatchObject({ reason: "too-large", detail });
    for (const element of [
      rawMap(65, INT, INT),
      rawSlice(65, INT, "js:Set"),
      rawSlice(65, FLOAT, "js:Float64Array"),
      rawSlice(65, INT),
      rawMap(65, STRING, INT),
    ]) {
      // biome-ignore format: one line
      const parts = [element, rawSlice(66, 65), rawValue(66, rawUint(zeros.length), zeros)];
      expect(faultOf(parts, limits)).toMatchObject({ reason: "too-large", detail });
    }
    const bytes = [rawSlice(66, 5), rawValue(66, rawUint(zeros.length), zeros)];
    expect(faultOf(bytes, limits)).toMatchObject({ reason: "too-large", detail });
  });
});
