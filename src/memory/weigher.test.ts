import { describe, expect, it } from "vitest";
import { stringBytes } from "./leaf-estimate.ts";
import { estimateValueBytes } from "./value-estimate.ts";
import { ENTRY_OVERHEAD_BYTES, weighEntry } from "./weigher.ts";

describe("weighEntry", () => {
  it("counts the entry, its key, its tags and its value", () => {
    expect(weighEntry("key", 1, 0)).toBe(ENTRY_OVERHEAD_BYTES + stringBytes("key"));
    expect(weighEntry("key", 1, 3)).toBeGreaterThan(weighEntry("key", 1, 2));
    expect(weighEntry("key", "x".repeat(800), 0) - weighEntry("key", "", 0)).toBe(800);
  });

  it("counts one byte for characters of Latin-1 and two when there is any other", () => {
    expect(stringBytes("é".repeat(1_000))).toBe(1_016);
    expect(stringBytes(`${"e".repeat(999)}€`)).toBe(2_016);
  });

  it("counts bytes of buffers, typed arrays and array buffers, of a view its own only", () => {
    const sizes = [
      Buffer.alloc(4_000),
      new Float64Array(500),
      new ArrayBuffer(4_000),
      new DataView(new ArrayBuffer(9_000), 0, 4_000),
    ];
    for (const value of sizes) expect(estimateValueBytes(value)).toBe(4_192);
  });

  it("ends on cycles and counts shared parts once", () => {
    const shared = { text: "x".repeat(1_000) };
    const cyclic: Record<string, unknown> = { first: shared, second: shared };
    cyclic["self"] = cyclic;
    expect(estimateValueBytes(cyclic)).toBeLessThan(1_300);
  });

  it("sees into arrays, objects, maps and sets", () => {
    const text = "x".repeat(1_000);
    for (const value of [
      [text],
      { text },
      new Map([[1, text]]),
      new Map([[text, 1]]),
      new Set([text]),
      [[[{ a: { text } }]]],
    ]) {
      expect(estimateValueBytes(value)).toBeGreaterThan(1_016);
    }
  });

  it("extrapolates large values to within a tenth", () => {
    const row = (index: number): object => ({ id: index, name: `name ${index % 10}`, tags: ["a", "b"] });
    const one = estimateValueBytes(row(1)) + 8;
    for (const count of [2_000, 50_000]) {
      const estimate = estimateValueBytes(Array.from({ length: count }, (_, index) => row(index)));
      expect(estimate / (one * count)).toBeGreaterThan(0.9);
      expect(estimate / (one * count)).toBeLessThan(1.1);
    }
  });

  it("visits a bounded number of parts, however large, deep or cyclic the value is", () => {
    let visits = 0;
    const ownKeys = (): string[] => {
      visits += 1;
      return [];
    };
    const counted = new Proxy({}, { ownKeys });
    const wide = Array.from({ length: 300 }, () =>
      Array.from({ length: 300 }, () => Array.from({ length: 10 }, () => counted)),
    );
    expect(estimateValueBytes(wide)).toBeGreaterThan(300 * 300 * 10 * 8);
    expect(visits).toBeLessThan(5_000);
    let chain: object = {};
    for (let depth = 0; depth < 100_000; depth += 1) chain = { chain };
    expect(estimateValueBytes(chain)).toBeGreaterThan(1_000);
  });
});
