import { describe, expect, it } from "vitest";
import { findNearestName } from "./nearest-name.ts";

const names = ["maxSize", "maxKeys", "evictionPolicy", "defaultTtl", "cleanupInterval", "tls"];

describe("findNearestName", () => {
  it.each([
    ["maxszie", "maxSize"],
    ["max_keys", "maxKeys"],
    ["evictonPolicy", "evictionPolicy"],
    ["DEFAULT-TTL", "defaultTtl"],
    ["ttls", "tls"],
    ["cleanup", undefined],
    ["zzz", undefined],
    ["", undefined],
    ["m".repeat(10_000), undefined],
  ])("takes %s for %s", (given, nearest) => {
    expect(findNearestName(given, names)).toBe(nearest);
  });

  it("does not compare a name of more than 100 characters, as the cost grows with the square", () => {
    expect(findNearestName("m".repeat(101), ["m".repeat(101)])).toBeUndefined();
  });

  it("prefers the name with the fewest differences", () => {
    expect(findNearestName("maxSizes", ["maxSizer", "maxSize", "maxSizes"])).toBe("maxSizes");
  });
});
