import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import type { CodecSettings } from "../../src/codec/codec-settings.ts";
import { createCompressor } from "../../src/codec/compressors/create-compressor.ts";
import { openCodec } from "../support/codec/codec-settings.ts";

const page = readFileSync(new URL("../../docs/guide/values-as-bytes.md", import.meta.url), "utf8");
const SERIALIZERS = ["json", "msgpack", "v8", "gob"] as const;

const shared = { a: 1 };
const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

/** Values of the rows of the table "What reads back equal", by how the row begins. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  strings: ["text", 1.5, true, null, { a: [1, { b: "c" }] }],
  "`undefined`": [{ a: undefined }, [undefined], [Number.NaN, Number.POSITIVE_INFINITY, -0], -0, 5n, [2n ** 100n]],
  "`Date`": [new Date(5), { at: new Date(0) }],
  "an invalid": [[new Date(Number.NaN)]],
  "`Map`": [new Map([["a", 1]]), new Set(["a"]), { inside: [new Map([["b", new Set([1])]])] }],
  "`Buffer`": [Buffer.from("a"), new Uint8Array(2), [Buffer.from("a")], [new Uint8Array(2)], new Float64Array([0.5])],
  "`ArrayBuffer`": [[new ArrayBuffer(2)], [new DataView(new ArrayBuffer(2))]],
  "`RegExp`": [/a/gi],
  "`Error`": [new TypeError("no")],
  "the `cause`": [new TypeError("no", { cause: new Error("why") })],
  "objects without": [Object.assign(Object.create(null), { a: 1 })],
  "`new String": [Object("a")],
  // biome-ignore lint/suspicious/noSparseArray: what the row is about
  "arrays with": [[1, , 3], Object.assign([1], { name: 1 })],
  "lone surrogates": [["\ud800"]],
  "the same object": [[shared, shared]],
  cycles: [cycle],
};

/** The cells of the table, by the row's first words. */
function rowOf(start: string): readonly string[] {
  const line = page.split("\n").find((candidate) => candidate.startsWith(`| ${start}`));
  return (line ?? "")
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

async function readBack(serializer: CodecSettings["serializer"], value: unknown): Promise<unknown> {
  const codec = await openCodec({ serializer });
  return (await codec.decode(await codec.encode(value, "key"), "key")).value;
}

function isEqual(back: unknown, value: unknown): boolean {
  // Node.js 20 finds two invalid dates different.
  const dates = [back, value].map((side) => (Array.isArray(side) && side[0] instanceof Date ? side[0].getTime() : 0));
  return dates.every(Number.isNaN) || isDeepStrictEqual(back, value);
}

describe("the table of docs/guide/values-as-bytes.md", () => {
  const cases = Object.entries(SAMPLES).flatMap(([start, values]) =>
    SERIALIZERS.map((serializer, column) => ({ start, serializer, values, cell: rowOf(start)[column] ?? "" })),
  );

  it.each(cases)("is right about $start … with $serializer: $cell", async ({ serializer, values, cell }) => {
    expect(cell).not.toBe("");
    for (const value of values) {
      if (cell.startsWith("refused")) {
        await expect(readBack(serializer, value)).rejects.toMatchObject({ code: "GCX_SERIALIZATION_VALUE" });
        continue;
      }
      const back = await readBack(serializer, value);
      expect(isEqual(back, value)).toBe(true);
      if (value === SAMPLES["the same object"]?.[0]) {
        const [first, second] = back as readonly object[];
        expect(first === second).toBe(cell === "the same object");
      }
    }
  });

  it("is right about what all refuse", async () => {
    class Point {
      x = 1;
    }
    const refused = [
      { f() {} },
      [Symbol("s")],
      [new Point()],
      [new URL("http://localhost")],
      [new AggregateError([])],
      [new (class extends Map {})()],
      [Promise.resolve()],
      [new WeakMap()],
      [new SharedArrayBuffer(1)],
      { [Symbol("s")]: 1 },
      [Object.defineProperty({}, "hidden", { value: 1 })],
      [Object.assign(new Error("no"), { code: "E" })],
      { toJSON: () => 1 },
    ];
    for (const serializer of SERIALIZERS) {
      for (const value of refused) {
        await expect(readBack(serializer, value)).rejects.toMatchObject({ code: "GCX_SERIALIZATION_VALUE" });
      }
    }
  });
});

describe("the sizes from which the guide says that threads compress", () => {
  it.each([
    ["gzip", 70_000],
    ["brotli", 55_000],
    ["zstd", 200_000],
    ["snappy", 200_000],
    ["lz4", 330_000],
  ] as const)("%s: some %i bytes", (name, sizeBytes) => {
    const { compress } = createCompressor(name).asyncFromBytes;
    expect(Math.abs(compress - sizeBytes) / sizeBytes).toBeLessThan(0.15);
    expect(page).toMatch(new RegExp(`${sizeBytes / 1_000} KB \\([^)]*${name}`));
  });
});
