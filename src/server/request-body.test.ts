import { describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH } from "./json-value.ts";
import { parseJson, parseJsonObject } from "./request-body.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

describe("parseJson", () => {
  it("refuses nesting beyond the limit by itself, whatever the store would take", () => {
    const nested = (depth: number): Buffer => bytes("[".repeat(depth) + "]".repeat(depth));
    expect(parseJson(nested(MAX_JSON_DEPTH))).toEqual(expect.any(Array));
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(
      expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }),
    );
    expect(() => parseJson(nested(1_000_000))).toThrow(expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }));
  });

  it("refuses what is no JSON in UTF-8, a byte order mark included", () => {
    for (const body of [bytes(""), bytes("\uFEFF1"), Buffer.of(0x22, 0xff, 0x22), bytes("{'a':1}")]) {
      expect(() => parseJson(body)).toThrow(expect.objectContaining({ status: 400 }));
    }
  });
});

describe("parseJsonObject", () => {
  it("takes nothing as an empty object, and refuses other fields and other kinds", () => {
    expect(parseJsonObject(bytes(""), ["a"])).toEqual({});
    expect(parseJsonObject(bytes('{"a":1}'), ["a"])).toEqual({ a: 1 });
    for (const body of ['{"b":1}', '{"__proto__":1}', "[]", "null", "1"]) {
      expect(() => parseJsonObject(bytes(body), ["a"])).toThrow(expect.objectContaining({ status: 400 }));
    }
  });
});
