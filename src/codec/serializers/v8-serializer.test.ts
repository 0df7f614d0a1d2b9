import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../../test/support/codec/codec-settings.ts";
import { strictDifference } from "../../../test/support/codec/strict-difference.ts";

const codec = await openCodec({ serializer: "v8" });

async function pathOf(value: unknown): Promise<string> {
  try {
    await codec.encode(value, "k");
  } catch (error) {
    return (error as { path: string }).path;
  }
  return "none";
}

describe("v8", () => {
  it("keeps what a structured copy keeps, shared parts and cycles included", async () => {
    const shared = new Date(5);
    const value: Record<string, unknown> = {
      list: [1, undefined, -0, Number.NaN, 5n, "\ud800", null],
      map: new Map<unknown, unknown>([[shared, new Set([shared])]]),
      regExp: /a/gi,
      error: new TypeError("m"),
      sparse: Object.assign(new Array<unknown>(5), { 2: 1, name: "n" }),
      views: [Buffer.from("b"), new Float64Array([0.5]), new DataView(new ArrayBuffer(2)), Uint8Array.of(1).buffer],
      boxes: [Object("s"), Object(1), Object(true), Object(1n)],
      "": { constructor: 1, toString: 2 },
    };
    Object.defineProperty(value, "__proto__", {
      value: { a: 1 },
      enumerable: true,
      writable: true,
      configurable: true,
    });
    value["self"] = value;
    const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
    expect(strictDifference(value, back)).toBe(undefined);
  });

  it("refuses by path what the platform would lose in silence", async () => {
    expect(await pathOf({ a: [Object.create(null)] })).toBe("$.a[0]");
    // Node.js 20 writes it where later releases do not look for it.
    expect(await pathOf({ a: new Error("e", { cause: 1 }) })).toBe("$.a");
    expect(await pathOf({ a: { b: Object.assign(/a/g, { lastIndex: 1 }) } })).toBe("$.a.b");
    expect(await pathOf([new Set([1, Object.create(null)])])).toBe("$[0][1]");
    const error = Object.defineProperty(new Error("m"), "message", { enumerable: true });
    expect(await pathOf([{ error }])).toBe("$[0].error");
    class Account {}
    expect(await pathOf({ a: [new Account()] })).toBe("$.a[0]");
  });

  it("refuses more holes than will be read again", async () => {
    const holes = (count: number): unknown[] => Object.assign(new Array<unknown>(count), { [count - 1]: 1 });
    expect(await pathOf([holes(1_000_001)])).toBe("$");
    expect(await pathOf([holes(600_000), holes(600_000)])).toBe("$");
    const value = [holes(900_000)];
    const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
    expect((back as unknown[][])[0]?.length).toBe(900_000);
  });

  it("refuses one level below the deepest that it reads", async () => {
    const nest = (depth: number, wrap: (part: unknown) => unknown): unknown => {
      let value: unknown = 1n;
      for (let level = 0; level < depth; level += 1) value = wrap(value);
      return value;
    };
    for (const wrap of [
      (part: unknown) => [part],
      (part: unknown) => new Map([[1, part]]),
      (part: unknown) => ({ a: part, b: undefined }),
    ]) {
      const value = nest(1_000, wrap);
      const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
      expect(strictDifference(value, back)).toBe(undefined);
      expect(await pathOf(nest(1_001, wrap))).toBe("$");
    }
  });
});
