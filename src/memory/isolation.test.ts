import { describe, expect, it } from "vitest";
import { SerializationError } from "../foundation/errors.ts";
import { createIsolation } from "./isolation.ts";
import { structuredCopy } from "./structured-copy.ts";

class Money {
  amount = 1;
}

function failureOf(work: () => unknown): SerializationError {
  try {
    work();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("structuredCopy", () => {
  it("returns an equal value of the same types that shares nothing", () => {
    const value = {
      text: "é",
      list: [1, undefined, null, Number.NaN, 2n, [new Date(5)]],
      map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "x"])]]),
      bytes: Buffer.from("buffer").subarray(1, 4),
      floats: new Float64Array([1.5, Number.NaN]),
      view: new DataView(new ArrayBuffer(8), 2, 4),
      pattern: /a+/gi,
      error: new RangeError("no"),
      bare: Object.assign(Object.create(null), { x: 1 }),
    };
    const copy = structuredCopy(value);
    expect(copy).toStrictEqual(value);
    expect(Buffer.isBuffer(copy.bytes)).toBe(true);
    expect(Object.getPrototypeOf(copy.bare)).toBeNull();
    copy.bytes[0] = 0;
    copy.floats[0] = 9;
    (copy.list[5] as Date[])[0]?.setTime(99);
    expect([value.bytes.toString(), value.floats[0], (value.list[5] as Date[])[0]?.getTime()]).toEqual(["uff", 1.5, 5]);
  });

  it("keeps cycles, shared parts and holes", () => {
    const shared = {};
    const value: { self?: unknown; pair: unknown[]; holes: unknown[] } = { pair: [shared, shared], holes: [1, 2, 3] };
    value.self = value;
    delete value.holes[1];
    const copy = structuredCopy(value);
    expect(copy.self).toBe(copy);
    expect(copy.pair[0]).toBe(copy.pair[1]);
    expect(copy.pair[0]).not.toBe(shared);
    expect(1 in copy.holes).toBe(false);
  });

  it("does not let a property named __proto__ become the prototype", () => {
    const copy = structuredCopy(JSON.parse('{"__proto__": {"isAdmin": true}}') as { isAdmin?: boolean });
    expect(copy.isAdmin).toBeUndefined();
    expect(Object.keys(copy)).toEqual(["__proto__"]);
  });

  it.each([
    ["$.user.onClick", { user: { name: "x", onClick: () => 1 } }],
    ["$", () => 1],
    ["$", Symbol("s")],
    ['$.list[1]["odd name"]', { list: [1, { "odd name": new Money() }] }],
    [
      "$.map[1]",
      {
        map: new Map<unknown, unknown>([
          [1, 1],
          [2, Promise.resolve()],
        ]),
      },
    ],
    ["$.cause", { cause: Object.assign(new Error("x"), { code: "E" }) }],
    ["$.weak", { ok: 1, weak: new WeakMap() }],
  ])("names the path %s of what it refuses", (path, value) => {
    expect(failureOf(() => structuredCopy(value)).path).toBe(path);
  });

  it("refuses what is nested too deeply instead of overflowing", () => {
    let deep: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(failureOf(() => structuredCopy(deep)).path).toBe("$");
  });
});

describe("isolation by freezing", () => {
  const isolation = createIsolation("freeze");

  it("freezes all parts in place, cycles too, and hands out the same object", () => {
    const value: Record<string, unknown> = { list: [{ a: 1 }], money: new Money() };
    value["self"] = value;
    expect(isolation.reveal(isolation.keep(value))).toBe(value);
    expect(Object.isFrozen((value["list"] as object[])[0])).toBe(true);
    expect(Object.isFrozen(value["money"])).toBe(true);
  });

  it("copies a value with a part that freezing cannot protect, for every reader, and leaves the original unfrozen", () => {
    for (const part of [new Date(5), new Map([[1, 1]]), new Set([1]), Buffer.from("abc")]) {
      const value = { list: [1], part };
      const kept = isolation.keep(value);
      value.list.push(2);
      const first = isolation.reveal(kept) as typeof value;
      expect(first).toStrictEqual({ list: [1], part });
      first.list.push(3);
      expect((isolation.reveal(kept) as typeof value).list).toEqual([1]);
    }
  });

  it("refuses functions, naming their path", () => {
    expect(failureOf(() => isolation.keep({ call: () => 1 })).path).toBe("$.call");
  });
});

describe("isolation by reference", () => {
  it("hands out the very object", () => {
    const value = { call: () => 1 };
    const isolation = createIsolation(false);
    expect(isolation.reveal(isolation.keep(value))).toBe(value);
  });
});
