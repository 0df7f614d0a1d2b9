import { describe, expect, it } from "vitest";
import { SerializationError } from "../foundation/errors.ts";
import { VIEW_CLASSES } from "./built-in-classes.ts";
import { copyOfCopy, structuredCopy } from "./structured-copy.ts";

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

describe("structuredCopy of bytes", () => {
  it.each([2, 32, 1_000])("refuses a property named length, and what it would hide (%i)", (length) => {
    const bytes = Object.assign(new Uint8Array(16), { note: "kept" });
    Object.defineProperty(bytes, "length", { value: length });
    expect(failureOf(() => structuredCopy(bytes)).message).toMatch(/property "(length|note)"/);
  });

  it("gives each copy all of a buffer of its own", () => {
    const kept = structuredCopy(Buffer.from("abc"));
    for (const copy of [kept, copyOfCopy(kept)]) expect(copy.buffer.byteLength).toBe(3);
  });
});

describe("copyOfCopy", () => {
  const views = VIEW_CLASSES.map((View) => (View === undefined ? Buffer.alloc(24) : new View(new ArrayBuffer(24))));

  it.each(views.map((view) => [view.constructor.name, view] as const))(
    "gives each reader bytes of its own, of the same class: %s",
    (_, view) => {
      const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
        new Uint8Array(buffer, byteOffset, byteLength);
      bytesOf(view).set([1, 2, 3], 8);
      const kept = structuredCopy({ view, again: view });
      const [alone, within] = [copyOfCopy(kept.view), copyOfCopy(kept)];
      expect(alone).toStrictEqual(view);
      expect(within).toStrictEqual(kept);
      expect(within.view).toBe(within.again);
      expect(Object.getPrototypeOf(alone)).toBe(Object.getPrototypeOf(view));
      for (const copy of [alone, within.view]) bytesOf(copy).fill(9);
      expect(kept.view).toStrictEqual(view);
      expect(copyOfCopy(kept.view)).toStrictEqual(view);
    },
  );

  it("copies of a view what it shows, and not all that lies beside it", () => {
    const { buffer } = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
    const views = [new DataView(buffer, 2, 4), new Uint8Array(buffer, 2, 4), Buffer.from(buffer, 2, 4)];
    for (const view of views) {
      const copy = copyOfCopy(view);
      expect(copy).toStrictEqual(view);
      expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 4]);
    }
  });

  it("copies what holds bytes and has none", () => {
    for (const empty of [Buffer.alloc(0), new Uint8Array(0), new DataView(new ArrayBuffer(0))]) {
      expect(copyOfCopy(structuredCopy(empty))).toStrictEqual(empty);
    }
  });
});

describe("structuredCopy and own properties", () => {
  it("keeps the named properties of arrays, as those of a regular expression's match", () => {
    const match = /(?<word>b+)/d.exec("abbc") as RegExpExecArray;
    const copy = structuredCopy({ match }).match;
    expect([copy.index, copy.input, copy.groups, copy.indices]).toEqual([
      match.index,
      match.input,
      match.groups,
      match.indices,
    ]);
    expect(copy.groups).not.toBe(match.groups);
    const long = Object.assign(new Array<number>(100_000).fill(1), { total: 5 });
    expect(structuredCopy(long).total).toBe(5);
  });

  it("keeps where a regular expression goes on", () => {
    const pattern = /a/g;
    pattern.test("aa");
    expect(structuredCopy(pattern).lastIndex).toBe(1);
  });

  it("keeps class, message, stack and cause of errors, and the class of the cause", () => {
    const error = new TypeError("outer", { cause: new RangeError("inner") });
    const copy = structuredCopy(error);
    expect(copy).toBeInstanceOf(TypeError);
    expect(copy.cause).toBeInstanceOf(RangeError);
    expect(copy.cause).not.toBe(error.cause);
    expect([copy.message, copy.stack, (copy.cause as Error).message]).toEqual(["outer", error.stack, "inner"]);
    expect(Object.keys(copy)).toEqual([]);
    expect(Object.hasOwn(structuredCopy(new Error()), "message")).toBe(false);
  });

  const hidden = (target: object): object => Object.defineProperty(target, "hidden", { value: 1, enumerable: false });
  const named = (target: object): object => Object.assign(target, { extra: 1 });

  it.each([
    ["$.a", "a Date with a property", { a: named(new Date(1)) }],
    ["$.a", "a Map with a property", { a: named(new Map()) }],
    ["$.a", "a Set with a property", { a: named(new Set()) }],
    ["$.a", "a RegExp with a property", { a: named(/a/) }],
    ["$.a", "a boxed string with a property", { a: named(new String("abc")) }],
    ["$.a", "an ArrayBuffer with a property", { a: named(new ArrayBuffer(8)) }],
    ["$.a", "a DataView with a property", { a: named(new DataView(new ArrayBuffer(8))) }],
    ["$.a", "a short Buffer with a property", { a: named(Buffer.from("abc")) }],
    ["$.a", "a long Buffer with a property", { a: named(Buffer.alloc(5_000)) }],
    ["$.a", "a long Float64Array with a property", { a: named(new Float64Array(5_000)) }],
    ["$[0]", "an object with a hidden property", [hidden({})]],
    ["$[0]", "an object with a symbol", [{ [Symbol("s")]: 1 }]],
    ["$[0]", "an array with a hidden property", [hidden([1])]],
    ["$[0]", "an array with a symbol", [Object.assign([1], { [Symbol("s")]: 1 })]],
    ["$.error.cause", "an error caused by an instance", { error: new Error("x", { cause: new Money() }) }],
    [
      "$.error.cause",
      "an error caused by a subclass",
      { error: new Error("x", { cause: new (class E extends Error {})() }) },
    ],
    ["$.list", "a subclass of Float64Array", { list: new (class Vector extends Float64Array {})(2) }],
  ])("refuses at %s %s, rather than lose it", (path, _, value) => {
    expect(failureOf(() => structuredCopy(value)).path).toBe(path);
  });

  it("copies boxed primitives, whole or empty", () => {
    for (const primitive of ["abc", "", 1, true, 2n]) {
      const boxed: unknown = Object(primitive);
      expect(structuredCopy(boxed)).toEqual(boxed);
      expect(structuredCopy(boxed)).not.toBe(boxed);
    }
  });
});

describe("structuredCopy and failing parts", () => {
  it.each([
    ["an ArrayBuffer", (buffer: ArrayBuffer): unknown => buffer],
    ["a typed array", (buffer: ArrayBuffer): unknown => new Uint16Array(buffer)],
    ["a Buffer", (buffer: ArrayBuffer): unknown => Buffer.from(buffer)],
    ["a DataView", (buffer: ArrayBuffer): unknown => new DataView(buffer)],
  ])("refuses %s whose memory was transferred", (_, make) => {
    const buffer = new ArrayBuffer(8);
    const part = make(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    const failure = failureOf(() => structuredCopy({ list: [part] }));
    expect(failure.path).toBe("$.list[0]");
    expect(failure.cause).toBeInstanceOf(TypeError);
  });

  it("names the path of a getter that throws, with what it threw as the cause, and calls it once", () => {
    const cause = new RangeError("mine");
    let calls = 0;
    const part = {
      get broken(): number {
        calls += 1;
        throw cause;
      },
    };
    const failure = failureOf(() => structuredCopy({ user: [part] }));
    expect([failure.path, failure.cause, calls]).toEqual(["$.user[0].broken", cause, 1]);
  });

  it("names the path of a proxy whose trap throws", () => {
    const cause = new Error("trap");
    const ownKeys = (): never => {
      throw cause;
    };
    const failure = failureOf(() => structuredCopy({ a: new Map([[1, new Proxy({}, { ownKeys })]]) }));
    expect([failure.path, failure.cause]).toEqual(["$.a[0]", cause]);
  });

  it("takes no time and no memory for holes", () => {
    const source = Object.assign([1], { [4_000_000_000]: { deep: true }, named: "n" });
    const began = performance.now();
    const copy = structuredCopy(source);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect([copy.length, Object.keys(copy)]).toEqual([4_000_000_001, ["0", "4000000000", "named"]]);
    expect(copy[4_000_000_000]).toEqual({ deep: true });
  });
});
