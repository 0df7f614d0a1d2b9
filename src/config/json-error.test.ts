import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonError } from "./json-error.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("findJsonError", () => {
  it.each([
    ['{"a": 1,}', 1, 9],
    ["{'a': 1}", 1, 2],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['{"a": [1, 2', 1, 12],
    ["[1}", 1, 3],
    ['{"a" 1}', 1, 6],
    ["{a: 1}", 1, 2],
    ['{"a": 01}', 1, 8],
    ['{"a": "x\ny"}', 1, 7],
    ["// no\n{}", 1, 1],
    ["{} {}", 1, 4],
    ["", 1, 1],
  ])("finds where %j stops being JSON", (text, line, column) => {
    expect(findJsonError(text)).toEqual({ line, column });
  });

  it("agrees with JSON.parse on what is JSON, also after any one character changed", () => {
    const edit = fc.record({
      at: fc.nat(),
      insert: fc.constantFrom("", ",", '"', "{", "}", "[", "]", ":", "\\", "0", "-", "e", "\n", "\u0001", "é"),
    });
    fc.assert(
      fc.property(fc.json(), edit, (json, { at, insert }) => {
        const offset = at % (json.length + 1);
        for (const text of [json, json.slice(0, offset) + insert + json.slice(offset + 1)]) {
          expect(findJsonError(text) === undefined).toBe(isJson(text));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("survives deep nesting and long texts", () => {
    expect(findJsonError("[".repeat(1_000_000))).toEqual({ line: 1, column: 1_000_001 });
    expect(findJsonError(`["${"a".repeat(1_000_000)}`)).toEqual({ line: 1, column: 2 });
  });
});
