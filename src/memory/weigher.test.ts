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
    expect(stringBytes(`${"e".repeat(16_383)}€`)).toBe(16 + 32_768);
    expect(stringBytes("e".repeat(1_000_000))).toBe(1_000_016);
  });

  it("looks at both ends and in between of long texts", () => {
    const plain = "e".repeat(300_000);
    for (const place of [0, 1_500, 298_500, 299_999]) {
      expect(stringBytes(`${plain.slice(0, place)}€${plain.slice(place + 1)}`)).toBe(16 + 600_000);
    }
    expect(stringBytes("e".repeat(100_000) + "€".repeat(100_000) + "e".repeat(100_000))).toBe(16 + 600_000);
  });

  it("costs a concatenated key its flat bytes", () => {
    const id = 1234567890;
    expect(weighEntry(`user:profile:${id}`, 1, 0)).toBe(ENTRY_OVERHEAD_BYTES + 16 + 24);
  });

  it("knows small integers, boxed numbers, and arrays of numbers, which need no boxes", () => {
    expect(estimateValueBytes(2 ** 31 - 1)).toBe(0);
    expect(estimateValueBytes(2 ** 31)).toBe(16);
    expect(estimateValueBytes(0.5)).toBe(16);
    expect(estimateValueBytes([0.5, 1.5, 2])).toBe(estimateValueBytes([1, 2, 3]));
    expect(estimateValueBytes([0.5, 1.5, null])).toBe(estimateValueBytes([1, 2, null]) + 32);
  });

  it("counts bytes of buffers, typed arrays and array buffers", () => {
    expect(estimateValueBytes(Buffer.alloc(4_000))).toBe(4_192);
    expect(estimateValueBytes(new Float64Array(500))).toBe(4_192);
    expect(estimateValueBytes(new ArrayBuffer(4_000))).toBe(4_096);
    expect(estimateValueBytes(new SharedArrayBuffer(4_000))).toBe(4_096);
    expect(estimateValueBytes(new DataView(new ArrayBuffer(4_000)))).toBe(4_176);
  });

  it("counts all that a view keeps alive, but of a pool only the part that a buffer shows", () => {
    expect(estimateValueBytes(new Uint8Array(9_000).subarray(10, 20))).toBe(9_192);
    expect(estimateValueBytes(new DataView(new ArrayBuffer(9_000), 0, 4_000))).toBe(9_176);
    expect(estimateValueBytes(Buffer.alloc(100_000).subarray(0, 200))).toBe(100_192);
    expect(estimateValueBytes(Buffer.alloc(8_192).subarray(1_000, 1_201))).toBe(96 + 208);
    const small = new Uint8Array(16);
    const { buffer } = new Uint8Array(16);
    expect(estimateValueBytes(small)).toBe(estimateValueBytes(new Uint8Array(buffer)));
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
