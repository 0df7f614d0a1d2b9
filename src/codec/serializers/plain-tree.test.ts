import { Buffer } from "node:buffer";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { codecValue } from "../../../test/support/codec/codec-values.ts";
import { strictDifference } from "../../../test/support/codec/strict-difference.ts";
import { isPlainJson, isPlainMsgpack } from "./plain-tree.ts";

const both = (value: unknown): readonly boolean[] => [isPlainJson(value, 10), isPlainMsgpack(value, 10)];

describe("plain data", () => {
  it.each<readonly [unknown]>([
    [null],
    [true],
    [""],
    [0],
    [-1.5],
    [5e-324],
    [[]],
    [{}],
    [{ a: [1, { b: null }] }],
    [new Array(100).fill({}.toString())],
    [Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`n${index}`, index]))],
    [{ constructor: 1, toString: 2, hasOwnProperty: 3 }],
    [Object.freeze({ a: Object.freeze([1]) })],
  ])("%j is plain", (value) => {
    expect(both(value)).toEqual([true, true]);
  });

  class Account {}
  const shared = {};
  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<readonly [string, unknown]>([
    ["undefined", undefined],
    ["undefined inside", [undefined]],
    ["a hole", new Array(1)],
    ["a hole far behind", Object.assign(new Array(20).fill(1), { 25: 1 })],
    ["-0", -0],
    ["-0 inside", { a: [-0] }],
    ["NaN", [Number.NaN]],
    ["an infinity", [Number.POSITIVE_INFINITY]],
    ["a bigint", [1n]],
    ["a date", [new Date(0)]],
    ["a map", new Map()],
    ["bytes", [Buffer.from("a")]],
    ["an instance", [new Account()]],
    ["a class's array", [new (class extends Array {})()]],
    ["no prototype", [Object.create(null)]],
    ["an array with another prototype", Object.setPrototypeOf([1], Object.prototype)],
    ["an object with an array's prototype", Object.create(Array.prototype)],
    ["a name on an array", Object.assign([1], { a: 1 })],
    ["a name on a long array", Object.assign(new Array(20).fill(1), { a: 1 })],
    ["a symbol on a long array", Object.assign(new Array(20).fill(1), { [Symbol("s")]: 1 })],
    ["a symbol", { [Symbol("s")]: 1 }],
    ["a property that is not enumerable", Object.defineProperty({}, "a", { value: 1 })],
    ["a part twice", [shared, shared]],
    ["a part twice, far apart", { a: [[shared]], b: { c: [shared] } }],
    ["a part in itself", cycle],
    ["a function", [() => 1]],
    ["a boxed text", [Object("a")]],
  ])("%s is none", (_name, value) => {
    expect(both(value)).toEqual([false, false]);
  });

  it("msgpack has no lone surrogates and no __proto__", () => {
    for (const value of ["\ud800", ["\ud800"], { a: "\ud800" }, { "\ud800": 1 }, JSON.parse('{"__proto__":1}')]) {
      expect(both(value)).toEqual([true, false]);
    }
  });

  it("is nested to the limit and no deeper", () => {
    const nest = (depth: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
      return value;
    };
    expect(both(nest(10))).toEqual([true, true]);
    expect(both(nest(11))).toEqual([false, false]);
  });

  it("is what JSON brings back equal, and nothing else", () => {
    const property = fc.property(codecValue, (value) => {
      const text = isPlainJson(value, 1_000) ? JSON.stringify(value) : undefined;
      if (text !== undefined) expect(strictDifference(value, JSON.parse(text))).toBe(undefined);
    });
    fc.assert(property, { numRuns: 1_000, seed: 7 });
  });

  describe("with properties on Object.prototype", () => {
    afterEach(() => {
      Reflect.deleteProperty(Object.prototype, "polluted");
    });

    it("is not told from what it inherits, and left to the tags", () => {
      Object.defineProperty(Object.prototype, "polluted", {
        value: 1,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      expect(both({ a: 1 })).toEqual([false, false]);
      expect(both({ polluted: 1 })).toEqual([true, true]);
    });
  });
});
