import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readMarkdown } from "../../scripts/reference/markdown-blocks.ts";
import { openCodec } from "../support/codec/codec-settings.ts";

const page = readFileSync(new URL("../../docs/design/codec.md", import.meta.url), "utf8");
const metadata = { version: 3, expiresAt: 1_764_350_000_123, tags: [{ tag: "users", version: 2 }] };
const text = "all work and no play ".repeat(8);

/** What the examples of bytes in the page are, in their order. */
const EXAMPLES = [
  { value: { id: 7, name: "Ada" }, metadata: undefined },
  { value: { text }, metadata },
  { value: { text }, metadata },
];
const STORED_KEY = "@shop:user:7";
const KEY = /encrypted with the key `([^`]+)`/.exec(page)?.[1] ?? "";

/** The bytes of a block; `;` begins a comment. */
function bytesOf(block: string): Buffer {
  return Buffer.from(block.replace(/;.*$/gm, "").replace(/\s+/g, ""), "hex");
}

const blocks = readMarkdown(page).blocks.filter(({ language }) => language === "hex");

describe("the bytes in docs/design/codec.md", () => {
  it("are the three that the page explains", () => {
    expect(blocks).toHaveLength(EXAMPLES.length);
  });

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    "read as the page says, example %i",
    async (number, example) => {
      const bytes = bytesOf(blocks[number - 1]?.code ?? "");
      const encryptionKeys = number === 3 ? [Buffer.from(KEY, "base64")] : [];
      const codec = await openCodec({ encryptionKeys });
      expect(await codec.decode(bytes, STORED_KEY)).toEqual(example);
      const damaged = Buffer.from(bytes);
      damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
      await expect(async () => codec.decode(damaged, STORED_KEY)).rejects.toMatchObject({
        reason: number === 3 ? "not-authentic" : "damaged",
      });
    },
  );

  it("are what the codec writes today, where nothing is random", async () => {
    const codec = await openCodec();
    expect(await codec.encode({ id: 7, name: "Ada" }, STORED_KEY)).toEqual(bytesOf(blocks[0]?.code ?? ""));
  });
});

describe("the tags in docs/design/codec.md", () => {
  const shared = {};
  const samples: readonly (readonly [unknown, string])[] = [
    [undefined, '{"$undefined":0}'],
    [Number.NaN, '{"$number":"NaN"}'],
    [5n, '{"$bigint":"5"}'],
    [new Date(0), '{"$date":0}'],
    [new Date(Number.NaN), '{"$date":null}'],
    [/a/gi, '{"$regexp":["a","gi",0]}'],
    [new Map([["k", 1]]), '{"$map":[["k",1]]}'],
    [new Set([1]), '{"$set":[1]}'],
    [new Uint8Array([202, 254]), '{"$bytes":["Uint8Array","yv4="]}'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what the tag is for
    [[1, , 3], '{"$array":[3,[[0,1],[2,3]],[]]}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"$bare":[["a",1]]}'],
    [Object("s"), '{"$box":"s"}'],
  ];

  it.each(samples)("are written as the page says: %o", async (value, tag) => {
    const codec = await openCodec();
    // Beside something that needs a tag, so that plain bytes and the like are inside a value.
    const bytes = Buffer.from(await codec.encode([value], "k"));
    expect(bytes.toString("utf8", 8)).toBe(`[${tag}]`);
    expect(page).toContain(`\`${tag}\``);
  });

  it("refer to what was met before, and wrap what looks like one of them", async () => {
    const codec = await openCodec();
    const textOf = async (value: unknown): Promise<string> =>
      Buffer.from(await codec.encode(value, "k")).toString("utf8", 8);
    expect(await textOf([shared, shared])).toBe('[{},{"$ref":1}]');
    expect(await textOf([{ $date: 1 }, undefined])).toBe('[{"$plain":{"$date":1}},{"$undefined":0}]');
    expect(page).toContain('`[{},{"$ref":1}]`');
    expect(page).toContain('`{"$plain":{"$date":1}}`');
  });
});
