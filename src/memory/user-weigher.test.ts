import { describe, expect, it } from "vitest";
import { resolveWeigher, type Weigher } from "./user-weigher.ts";
import { weighEntry } from "./weigher.ts";

const answering =
  (answer: unknown): Weigher =>
  () =>
    answer as number;

describe("resolveWeigher", () => {
  it("is the estimate of the entry without a weigher", () => {
    const weigh = resolveWeigher(undefined);
    expect(weigh("key", { text: "value" }, 2)).toBe(weighEntry("key", { text: "value" }, 2));
  });

  it("takes the caller's number for the whole weight, whatever key and tags cost", () => {
    const weigh = resolveWeigher((value) => (value as string).length);
    expect(weigh("a long key that costs nothing", "12345", 9)).toBe(5);
  });

  it("gives the weigher the value and the key that the caller knows", () => {
    const calls: unknown[][] = [];
    const weigh = resolveWeigher(
      (...given: unknown[]) => calls.push(given),
      (stored) => stored.slice("@shop:".length),
    );
    weigh("@shop:k1", "v", 3);
    expect(calls).toEqual([["v", "k1"]]);
  });

  it.each([
    [0, 0],
    [1, 1],
    [0.001, 1],
    [99.5, 100],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("counts an answer of %d as %d", (answer, weight) => {
    expect(resolveWeigher(answering(answer))("k", 1, 0)).toBe(weight);
  });

  it("counts minus zero as zero", () => {
    expect(resolveWeigher(answering(-0))("k", 1, 0)).toBe(0);
  });

  it.each([Number.NaN, -1, -0.5, Infinity, -Infinity, 2 ** 53, "12", 12n, null, undefined, {}, Promise.resolve(1)])(
    "refuses an answer of %s",
    (answer) => {
      const weigh = resolveWeigher(answering(answer));
      expect(() => weigh("k", 1, 0)).toThrow(
        expect.objectContaining({ code: "GCX_ARGUMENT_OPTION", message: expect.stringContaining("memory.weigher") }),
      );
    },
  );

  it("says nothing of a text that was returned", () => {
    expect(() => resolveWeigher(answering("secret"))("k", 1, 0)).toThrow(/^(?!.*secret).*a value of type string/);
  });

  it("lets through what the weigher throws", () => {
    const failure = new Error("weigher failed");
    const weigh = resolveWeigher(() => {
      throw failure;
    });
    expect(() => weigh("k", 1, 0)).toThrow(failure);
  });

  it.each([[null], [5], ["f"], [{}]])("refuses %s in place of a function", (weigher) => {
    expect(() => resolveWeigher(weigher as never)).toThrow(expect.objectContaining({ code: "GCX_ARGUMENT_OPTION" }));
  });
});
