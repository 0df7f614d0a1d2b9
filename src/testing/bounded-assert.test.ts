import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { assert } from "./bounded-assert.ts";

function failureOf(call: () => unknown): AssertionError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    return error as AssertionError;
  }
  throw new Error("nothing was thrown");
}

describe("the assertions of the cases", () => {
  it("compare as node:assert/strict does", () => {
    assert.equal(Number.NaN, Number.NaN);
    assert.deepEqual([{ a: new Map([[1, new Set([0n])]]) }], [{ a: new Map([[1, new Set([0n])]]) }]);
    expect(failureOf(() => assert.equal(0, -0)).message).toBe("expected -0, got 0");
    expect(failureOf(() => assert.equal([], [], "a list")).message).toBe("a list: expected [], got []");
    failureOf(() => assert.deepEqual([0], [-0]));
    failureOf(() => assert.deepEqual({ a: undefined }, {}));
    failureOf(() => assert.deepEqual(new Float32Array([1]), new Float64Array([1])));
    expect(failureOf(() => assert.ok(0, "nothing there")).message).toBe("nothing there");
  });

  it("show the beginnings of both values, and keep nothing longer", () => {
    const error = failureOf(() => assert.equal({ value: new Uint8Array(3_000_000) }, "é".repeat(3_000_000), "get"));
    expect(error.message).toMatch(/^get: expected 'ééé.* got \{\s+value: Uint8Array\(3000000\) \[/s);
    expect(error.message.length).toBeLessThan(2_100);
    expect(String(error.actual).length + String(error.expected).length).toBeLessThan(2_100);
  });

  it("cost little when large values differ", () => {
    // Roomy, for other threads allocate meanwhile; a comparison of the printed values takes ten times that.
    const before = process.memoryUsage().rss;
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}`);
    failureOf(() => assert.deepEqual(lines, [...lines].reverse()));
    failureOf(() => assert.deepEqual(lines, undefined, "with a message"));
    failureOf(() => assert.equal({ value: new Uint8Array(300_000) }, undefined));
    expect(process.memoryUsage().rss - before).toBeLessThan(1_073_741_824);
  });

  it("check rejections, and object to an answer", async () => {
    await assert.rejects(
      () => Promise.reject(new Error("away")),
      (error) => assert.equal((error as Error).message, "away"),
    );
    await expect(
      assert.rejects(
        async () => 7,
        () => undefined,
      ),
    ).rejects.toThrow("expected a rejection, got 7");
    await expect(
      assert.rejects(
        () => Promise.reject(new Error("away")),
        () => assert.fail("another error"),
      ),
    ).rejects.toThrow("another error");
  });
});
