import { describe, expect, it } from "vitest";
import { formatPath, UncopyablePart } from "../../entry/uncopyable-part.ts";
import { DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { decodeGob } from "./decode-gob.ts";
import { encodeGob } from "./encode-gob.ts";
import { type GobField, gobStruct } from "./gob-struct.ts";

const user = gobStruct("main.User", { id: { name: "ID", type: "int" }, name: "string" });
const everything = gobStruct("main.Everything", {
  flag: "bool",
  count: "uint",
  ratio: "float64",
  bytes: "[]byte",
  at: "time.Time",
  big: "big.Int",
  any: "interface{}",
  list: ["int"],
  map: { map: { map: "string" } },
  owner: user,
  users: [user],
});
const structs = [user, everything];
const zero = {
  ...{ flag: false, count: 0, ratio: 0, bytes: new Uint8Array(0), at: null, big: null, any: null, list: [], map: {} },
  ...{ owner: null, users: [] },
};

function roundTrip(value: unknown): unknown {
  return decodeGob(encodeGob(value, { structs }), DEFAULT_CODEC_LIMITS, { structs });
}

function refusalOf(changes: Readonly<Record<string, unknown>>): string {
  try {
    encodeGob({ ...zero, ...changes }, { structs });
  } catch (error) {
    if (error instanceof UncopyablePart) return `${error.reason} at ${formatPath(error.steps)}`;
    throw error;
  }
  return "written";
}

describe("gobStruct", () => {
  it("makes objects with its properties structs, wherever they are, and reads them back equal", () => {
    const ada = { id: 1, name: "Ada" };
    for (const value of [ada, [ada], { ada }, { list: [ada, 1] }, new Map([["a", ada]]), zero]) {
      expect(roundTrip(value)).toStrictEqual(value);
      // Go's own names, to a reader that does not know the struct.
      expect(JSON.stringify(decodeGob(encodeGob(value, { structs }), DEFAULT_CODEC_LIMITS))).not.toContain('"id"');
    }
  });

  it("leaves out what Go leaves out, and keeps what would read as something else", () => {
    const full = {
      ...{ flag: true, count: 5, ratio: -0, bytes: Buffer.alloc(0), at: new Date(0), big: 0n, any: undefined },
      ...{ list: [0, 5n], map: { a: { b: "c" }, d: {} }, owner: { id: 0, name: "" }, users: [{ id: 5n, name: "x" }] },
    };
    expect(roundTrip(full)).toStrictEqual(full);
    // The definitions of types, then a message with the number of the struct and its end; `bytes` and `map` are sent though they are empty.
    expect(Buffer.from(encodeGob(zero, { structs })).toString("hex")).toMatch(/07ff820400050000$/);
  });

  it("leaves objects with other properties maps", () => {
    for (const value of [{ id: 1 }, { id: 1, name: "x", more: 1 }, { id: 1, nick: "x" }]) {
      expect(encodeGob(value, { structs })).toEqual(encodeGob(value));
      expect(roundTrip(value)).toStrictEqual(value);
    }
  });

  it("refuses values that a field cannot hold", () => {
    expect(refusalOf({})).toBe("written");
    expect(refusalOf({ flag: 1 })).toBe("a number where bool is expected, at $.flag");
    expect(refusalOf({ flag: null })).toBe("null where bool is expected, at $.flag");
    expect(refusalOf({ count: -1 })).toBe("a number where uint64 is expected, at $.count");
    expect(refusalOf({ count: 2n ** 64n })).toBe("a bigint where uint64 is expected, at $.count");
    expect(refusalOf({ ratio: 1n })).toBe("a bigint where float64 is expected, at $.ratio");
    expect(refusalOf({ list: [0.5] })).toBe("a number where int64 is expected, at $.list[0]");
    expect(refusalOf({ list: [-0] })).toBe("a number where int64 is expected, at $.list[0]");
    expect(refusalOf({ list: [2 ** 53] })).toBe("a number where int64 is expected, at $.list[0]");
    expect(refusalOf({ map: { a: { b: 1 } } })).toBe("a number where string is expected, at $.map.a.b");
    expect(refusalOf({ at: 0 })).toBe("a number where time.Time is expected, at $.at");
    expect(refusalOf({ owner: { id: 1 } })).toBe("an object with other properties than the struct User at $.owner");
    expect(refusalOf({ users: [null] })).toBe("null where main.User is expected, at $.users[0]");
    expect(refusalOf({ bytes: "x" })).toBe("a string where []uint8 is expected, at $.bytes");
  });

  it("refuses structs that Go could not have", () => {
    const make = (fields: Readonly<Record<string, GobField>>) => () => gobStruct("main.T", fields);
    expect(make({})).toThrow("has no fields");
    expect(make({ _id: "int" })).toThrow('"_id" is no name that Go exports');
    expect(make({ "1st": "int" })).toThrow("is no name that Go exports");
    expect(make({ "a b": "int" })).toThrow("is no name that Go exports");
    expect(make({ id: { name: "id", type: "int" } })).toThrow('"id" is no name that Go exports');
    expect(make({ name: "string", Name: "string" })).toThrow("the same name in Go");
    expect(make({ a: "integer" as never })).toThrow('the unknown type "integer"');
    expect(make({ a: ["toString" as never] })).toThrow('the unknown type "toString"');
    expect(() => gobStruct("main.", { a: "int" })).toThrow("is no name of a Go type");
    expect(make({ größe: "int" })).not.toThrow();
  });
});
