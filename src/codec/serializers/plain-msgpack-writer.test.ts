import { Buffer } from "node:buffer";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { PlainMsgpackWriter } from "./plain-msgpack-writer.ts";
import { NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";

const MAX_DEPTH = 1_000;
const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });

function written(writer: PlainMsgpackWriter, value: object): string {
  const length = writer.write(value, MAX_DEPTH);
  expect(length).toBeGreaterThan(0);
  return writer.bytes.toString("hex", 0, length);
}

function expected(value: object): string {
  return Buffer.from(packr.pack(value)).toString("hex");
}

/** Lengths at which the head of a text, an array or a map gets another form. */
const EDGES = [0, 1, 15, 16, 31, 32, 39, 40, 41, 63, 64, 127, 128, 255, 256, 65_535, 65_536];

describe("PlainMsgpackWriter", () => {
  it.each(EDGES)("writes texts, names, arrays and maps of the length %i as msgpackr does", (length) => {
    const writer = new PlainMsgpackWriter();
    const texts = ["x".repeat(length), "é".repeat(length), "日".repeat(length), `${"x".repeat(length)}é`];
    for (const text of texts) {
      for (let time = 0; time < 3; time += 1) {
        const value = { text, list: [text, text], [text]: 1, after: true };
        expect(written(writer, value)).toBe(expected(value));
      }
    }
    const list = Array.from({ length }, (_, index) => index % 7);
    const map = Object.fromEntries(list.map((part, index) => [`n${index}`, part]));
    expect(written(writer, list)).toBe(expected(list));
    expect(written(writer, map)).toBe(expected(map));
  });

  it("writes numbers as msgpackr does", () => {
    const edges = [0, 5, 7, 8, 15, 16, 31, 32, 52].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]);
    const numbers = [...edges, ...edges.map((edge) => -edge || 1), 0.5, -0.5, 1e300, 5e-324, 2 ** 53, 1.1];
    const writer = new PlainMsgpackWriter();
    for (const number of numbers) expect(written(writer, [number])).toBe(expected([number]));
  });

  it("writes booleans, null, and empty and nested lists", () => {
    const value = { a: true, b: false, c: null, d: [], e: {}, f: [[], [{}]], "": 0, 7: 1, 日: 2 };
    expect(written(new PlainMsgpackWriter(), value)).toBe(expected(value));
  });

  it("grows with a value", () => {
    const writer = new PlainMsgpackWriter();
    for (let count = 1; count < 200; count += 1) {
      const value = Array.from({ length: count }, (_, index) => ({ [`name${index}`]: "x".repeat(index % 43) }));
      expect(written(writer, value)).toBe(expected(value));
    }
    const large = ["日".repeat(700_000)];
    expect(written(writer, large)).toBe(expected(large));
    written(writer, [1]);
    expect(writer.bytes.length).toBeLessThan(2 ** 20);
  });

  const shared = { a: 1 };
  it.each<[string, () => object]>([
    ["a property named by a symbol", () => ({ a: 1, [Symbol("s")]: 2 })],
    ["a property that is not enumerable", () => Object.defineProperty({ a: 1 }, "b", { value: 1 })],
    ["an enumerable property of its prototype", () => Object.setPrototypeOf({ a: 1 }, { b: 1 }) as object],
    ["-0", () => ({ a: -0 })],
    ["NaN", () => [Number.NaN]],
    ["undefined", () => ({ a: undefined })],
    ["a hole", () => Object.assign([1], { 2: 3 })],
    ["a Date", () => ({ a: new Date() })],
    ["bytes", () => [Buffer.from("a")]],
    ["an array with a name", () => Object.assign([1, 2], { name: "x" })],
    [
      "a long array with a name",
      () =>
        Object.assign(
          Array.from({ length: 40 }, () => 1),
          { name: "x" },
        ),
    ],
    ["a part twice", () => [shared, shared]],
    ["a text with a lone surrogate", () => ["a\ud800"]],
    ["a long text with a lone surrogate", () => [`${"x".repeat(100)}\ud800`]],
    ["a name with a lone surrogate", () => ({ "a\udc00": 1 })],
    ["a name that msgpackr does not read", () => JSON.parse('{"a":{"__proto__":1}}') as object],
    [
      "a getter that throws",
      () => ({
        get a(): never {
          throw new Error("no");
        },
      }),
    ],
  ])("leaves to others what would not come back equal: %s", (_name, make) => {
    const writer = new PlainMsgpackWriter();
    // Three times: by the third, names are expected.
    for (let time = 0; time < 3; time += 1) {
      expect(writer.write(make(), MAX_DEPTH)).toBe(NOT_PLAIN);
      expect(writer.write({ around: [make()] }, MAX_DEPTH)).toBe(NOT_PLAIN);
    }
    expect(written(writer, { a: [1] })).toBe(expected({ a: [1] }));
  });

  it("counts levels, and is not confused by a getter that writes another value meanwhile", () => {
    const writer = new PlainMsgpackWriter();
    expect(writer.write([[[]]], 3)).toBe(3);
    expect(writer.write([[[]]], 2)).toBe(NOT_PLAIN);
    let inner = 0;
    const value = {
      a: 1,
      get b(): string {
        inner = writer.write({ other: 1 }, MAX_DEPTH);
        return "y";
      },
    };
    expect(written(writer, value)).toBe(expected({ a: 1, b: "y" }));
    expect(inner).toBe(WRITER_IS_BUSY);
  });
});
