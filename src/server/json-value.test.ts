import { describe, expect, it } from "vitest";
import { isExactJson, MAX_JSON_DEPTH, toNearestJson } from "./json-value.ts";

const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));

describe("isExactJson", () => {
  it.each([null, true, "", "x", 0, -1.5, [], {}, { a: [{ b: null }] }, Object.create(null)])(
    "holds for %j",
    (value) => {
      expect(isExactJson(value)).toBe(true);
    },
  );

  it.each([
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    1n,
    new Date(0),
    new Map(),
    new Set(),
    /x/,
    [undefined],
    { a: undefined },
    { a: new Date(0), b: 1 },
    [1n, 1],
    new (class Point {
      x = 1;
    })(),
    Symbol("s"),
    () => 1,
  ])("does not hold for value %#", (value) => {
    expect(isExactJson(value)).toBe(false);
  });

  it("refuses what is too deep or contains itself, also behind an inexact part", () => {
    expect(isExactJson(nested(MAX_JSON_DEPTH))).toBe(true);
    expect(() => isExactJson(nested(MAX_JSON_DEPTH + 1))).toThrow(
      expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }),
    );
    expect(() => isExactJson([1n, nested(MAX_JSON_DEPTH + 1)])).toThrow(
      expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }),
    );
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => isExactJson(loop)).toThrow(expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }));
  });
});

describe("toNearestJson", () => {
  it("comes near what JSON does not have", () => {
    const value = {
      date: new Date(0),
      never: new Date(Number.NaN),
      map: new Map([[{ k: 1 }, 2n]]),
      set: new Set(["a"]),
      bytes: Uint8Array.of(1, 2),
      floats: Float32Array.of(0.5),
      pattern: /x/g,
      error: new TypeError("no"),
      nothing: undefined,
      run: () => 1,
      sum: Number.NaN,
    };
    expect(JSON.parse(JSON.stringify(toNearestJson(value)))).toEqual({
      date: "1970-01-01T00:00:00.000Z",
      never: "Invalid Date",
      map: [[{ k: 1 }, "2"]],
      set: ["a"],
      bytes: "AQI=",
      floats: [0.5],
      pattern: "/x/g",
      error: { name: "TypeError", message: "no" },
      nothing: null,
      run: null,
      sum: null,
    });
  });

  it("refuses cycles through maps", () => {
    const map = new Map<string, unknown>();
    map.set("self", map);
    expect(() => toNearestJson(map)).toThrow(expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE" }));
  });

  it("keeps a field named __proto__ a field", () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"at":1}') as Record<string, unknown>;
    value["at"] = new Date(0);
    expect(JSON.stringify(toNearestJson(value))).toBe('{"__proto__":{"polluted":1},"at":"1970-01-01T00:00:00.000Z"}');
  });
});
