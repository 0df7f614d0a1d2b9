import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { PlainJsonWriter } from "./plain-json-writer.ts";
import { NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";

const MAX_DEPTH = 1_000;

function written(writer: PlainJsonWriter, value: object): string {
  const length = writer.write(value, MAX_DEPTH);
  expect(length).toBeGreaterThan(0);
  return writer.bytes.toString("latin1", 0, length);
}

/** What JSON.stringify makes of it, byte by byte. */
function expected(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("latin1");
}

const TEXTS = [
  ["nothing", ""],
  ["ASCII", "abc ~!"],
  ["quotes and backslashes", 'a"b\\c'],
  ["control characters", "\u0000\b\t\n\f\r\u001f\u007f"],
  ["two bytes", "é\u0080ß"],
  ["three bytes", "日本\u2028"],
  ["pairs of surrogates", "😀x😀"],
  ["lone surrogates", "a\ud800b\udfff"],
  ["forty characters", "x".repeat(40)],
  ["forty-one characters", "x".repeat(41)],
  ["long, ASCII", "text ".repeat(2_000)],
  ["long, with an escape at its end", `${"x".repeat(5_000)}"`],
  ["long, of two bytes", "é".repeat(3_000)],
  ["long, of three bytes", "日".repeat(3_000)],
] as const;

const NUMBERS = [
  ...[0, 1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 99_999, 100_000, 999_999_999, 2 ** 31 - 1],
  ...[2 ** 31, 2 ** 32, 2 ** 53, 1e20, 1e21, 1.7976931348623157e308, -1, -(2 ** 31), -1.5, -0.01],
  ...[0.1, 0.01, 0.05, 0.005, 0.29, 0.57, 1.005, 1.15, 8.41, 10.5, 99.99, 100.1, 1e-7, 1e-6, 5e-324, 0.1 + 0.2],
  ...[2_147_483_646.99, 2_147_483_647.01, 2_147_483_647.5, 4_294_967_296.25, 123_456_789.123],
];

describe("PlainJsonWriter", () => {
  it.each(TEXTS)("writes texts and names as JSON.stringify does: %s", (_name, text) => {
    const writer = new PlainJsonWriter();
    const value = { text, list: [text], [text]: 1, last: text };
    // The third time all names are expected.
    for (let time = 0; time < 3; time += 1) expect(written(writer, value)).toBe(expected(value));
  });

  it("writes numbers as JSON.stringify does", () => {
    const writer = new PlainJsonWriter();
    for (const number of NUMBERS) expect(written(writer, [number])).toBe(JSON.stringify([number]));
    // Every price up to 100, and what doubles make of sums of them.
    for (let cents = 1; cents < 10_000; cents += 1) {
      const numbers = [cents / 100, cents / 100 + 0.1, (cents / 100) * 3];
      expect(written(writer, numbers)).toBe(JSON.stringify(numbers));
    }
  });

  it("writes booleans, null, and empty and nested lists", () => {
    const value = { a: true, b: false, c: null, d: [], e: {}, f: [[], [{}]], g: [true, false, null], "": 0, 7: 1 };
    expect(written(new PlainJsonWriter(), value)).toBe(JSON.stringify(value));
  });

  it("takes names for what they are when objects of many shapes come in turn", () => {
    const writer = new PlainJsonWriter();
    const shapes = [
      { a: 1, b: 2 },
      { b: 1, a: 2 },
      { a: 1, bb: 2 },
      { a: { a: 1 }, b: { b: 2 } },
      { é: 1 },
      { '"': 1 },
    ];
    for (let time = 0; time < 40; time += 1) {
      const value = shapes[(time * time + (time >> 2)) % shapes.length] as object;
      expect(written(writer, value)).toBe(expected(value));
    }
  });

  it("says whether the value has ASCII characters only", () => {
    const writer = new PlainJsonWriter();
    for (const [value, isAscii] of [
      [{ a: "x".repeat(100) }, true],
      [{ a: "é" }, false],
      [{ é: 1 }, false],
      [["\ud800"], true],
      [{ a: 1 }, true],
    ] as const) {
      written(writer, value);
      expect(writer.isAscii).toBe(isAscii);
    }
  });

  it("grows with a value, in the middle of names, texts, numbers and ends, and gives memory back", () => {
    const writer = new PlainJsonWriter();
    for (let count = 1; count < 300; count += 1) {
      const value = {
        list: Array.from({ length: count }, (_, index) => ({ [`name${index}`]: "x".repeat(index % 43) })),
      };
      expect(written(writer, value)).toBe(JSON.stringify(value));
    }
    const deep = JSON.parse(`${"[".repeat(900)}${"]".repeat(900)}`) as object;
    for (let length = 3_000; length < 3_100; length += 1) {
      const value = ["x".repeat(length), deep];
      expect(written(new PlainJsonWriter(), value)).toBe(JSON.stringify(value));
    }
    const large = ["x".repeat(3_000_000)];
    expect(written(writer, large)).toBe(JSON.stringify(large));
    expect(writer.bytes.length).toBeGreaterThan(3_000_000);
    written(writer, { a: 1 });
    expect(writer.bytes.length).toBeLessThan(2 ** 20);
  });

  const shared = { a: 1 };
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  it.each<[string, () => object]>([
    ["a property named by a symbol", () => ({ a: 1, [Symbol("s")]: 2 })],
    ["a symbol that is not enumerable", () => Object.defineProperty({ a: 1 }, Symbol("s"), { value: 1 })],
    ["a property that is not enumerable", () => Object.defineProperty({ a: 1 }, "b", { value: 1 })],
    ["an enumerable property of its prototype's name", () => Object.create({ a: 1 }) as object],
    ["-0", () => ({ a: -0 })],
    ["NaN", () => [Number.NaN]],
    ["Infinity", () => [Number.NEGATIVE_INFINITY]],
    ["undefined", () => ({ a: undefined })],
    ["a hole", () => Object.assign([1], { 2: 3 })],
    ["a function", () => ({ a: () => 1 })],
    ["a bigint", () => ({ a: 1n })],
    ["a symbol", () => [Symbol("s")]],
    ["a Date", () => ({ a: new Date() })],
    ["a Map", () => new Map()],
    ["bytes", () => [Buffer.from("a")]],
    ["an instance of a class", () => new (class Point {})()],
    ["an object without a prototype", () => Object.create(null) as object],
    ["an array of a class", () => new (class List extends Array {})()],
    ["an object that only looks like an array", () => Object.create(Array.prototype) as object],
    ["an array with a name", () => Object.assign([1, 2], { name: "x" })],
    [
      "a long array with a name",
      () =>
        Object.assign(
          Array.from({ length: 40 }, () => 1),
          { name: "x" },
        ),
    ],
    ["an array with a hidden name", () => Object.defineProperty([1, 2], "name", { value: 1 })],
    ["an array with a symbol", () => Object.assign([1], { [Symbol("s")]: 1 })],
    [
      "a long array with a symbol",
      () =>
        Object.assign(
          Array.from({ length: 40 }, () => 1),
          { [Symbol("s")]: 1 },
        ),
    ],
    ["a part twice", () => [shared, shared]],
    ["a cycle", () => cycle],
    ["its own toJSON", () => ({ a: 1, toJSON: () => 2 })],
    [
      "a getter that throws",
      () => ({
        get a(): never {
          throw new Error("no");
        },
      }),
    ],
  ])("leaves to others what would not come back equal: %s", (_name, make) => {
    const writer = new PlainJsonWriter();
    expect(writer.write(make(), MAX_DEPTH)).toBe(NOT_PLAIN);
    expect(writer.write({ around: [{ a: 1 }, make()] }, MAX_DEPTH)).toBe(NOT_PLAIN);
    expect(written(writer, { a: [1] })).toBe('{"a":[1]}');
  });

  it("leaves values to others while a prototype of the platform has a toJSON", () => {
    const writer = new PlainJsonWriter();
    for (const prototype of [Object.prototype, Array.prototype]) {
      Object.defineProperty(prototype, "toJSON", { value: () => "x", configurable: true });
      try {
        expect(writer.write([1], MAX_DEPTH)).toBe(NOT_PLAIN);
      } finally {
        Reflect.deleteProperty(prototype, "toJSON");
      }
    }
    expect(written(writer, [1])).toBe("[1]");
  });

  it("counts levels", () => {
    const writer = new PlainJsonWriter();
    expect(writer.write([[[]]], 3)).toBe(6);
    expect(writer.write([[[]]], 2)).toBe(NOT_PLAIN);
    expect(writer.write({ a: { b: [] } }, 2)).toBe(NOT_PLAIN);
    expect(writer.write({}, 0)).toBe(NOT_PLAIN);
  });

  it("is not confused by a getter that writes another value meanwhile, and reads getters once", () => {
    const writer = new PlainJsonWriter();
    const inner: number[] = [];
    let readCount = 0;
    const value = {
      before: "x",
      get middle(): string {
        readCount += 1;
        inner.push(writer.write({ other: 1 }, MAX_DEPTH));
        return "y";
      },
      after: "z",
    };
    expect(written(writer, value)).toBe('{"before":"x","middle":"y","after":"z"}');
    expect(inner).toEqual([WRITER_IS_BUSY]);
    expect(readCount).toBe(1);
  });
});
