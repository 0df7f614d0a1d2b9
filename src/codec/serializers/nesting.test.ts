import { describe, expect, it } from "vitest";
import { isNestedDeeper, mayNestDeeper } from "./nesting.ts";

function nested(depth: number, kind: "list" | "object"): string {
  return kind === "list"
    ? `${"[".repeat(depth)}${"]".repeat(depth)}`
    : `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
}

describe("mayNestDeeper", () => {
  it.each(["list", "object"] as const)("never says no of what is nested deeper: a %s", (kind) => {
    for (const depth of [1, 2, 9, 10, 11, 12, 500]) {
      const text = nested(depth, kind);
      const isDeeper = isNestedDeeper(JSON.parse(text), 10);
      expect(isDeeper).toBe(depth > 10);
      if (isDeeper) expect(mayNestDeeper(text, 10)).toBe(true);
    }
  });

  it("says no of a long text with few lists", () => {
    expect(mayNestDeeper(JSON.stringify(["x".repeat(1_000), [1], {}]), 10)).toBe(false);
  });

  it("counts lists and objects together, and those side by side as well", () => {
    expect(mayNestDeeper('[{"a":[{"a":[{"a":[1]}]}]}]', 6)).toBe(true);
    expect(mayNestDeeper(JSON.stringify(Array.from({ length: 20 }, () => [])), 10)).toBe(true);
  });
});
