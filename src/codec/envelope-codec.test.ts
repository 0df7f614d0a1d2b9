import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../test/support/codec/codec-settings.ts";
import { TEST_KEY } from "../../test/support/codec/compressions.ts";
import { strictDifference } from "../../test/support/codec/strict-difference.ts";
import { SerializationError } from "../foundation/errors.ts";
import type { CodecSettings } from "./codec-settings.ts";

const custom = { name: "x", encode: () => Uint8Array.of(7), decode: () => 1 };
const snappy = { algorithm: "snappy", level: undefined, thresholdBytes: 0 } as const;
const metadata = {
  version: 300,
  freshUntil: 1,
  expiresAt: 2 ** 53 - 1,
  tags: [
    { tag: "é", version: 0 },
    { tag: "\ud800", version: 128 },
  ],
};

async function hexOf(settings: Partial<CodecSettings>, value: unknown, kept?: typeof metadata): Promise<string> {
  const codec = await openCodec(settings);
  return Buffer.from(await codec.encode(value, "k", kept)).toString("hex");
}

async function refusal(settings: Partial<CodecSettings>, value: unknown): Promise<SerializationError> {
  const codec = await openCodec(settings);
  const error = await Promise.resolve()
    .then(() => codec.encode(value, "k"))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SerializationError);
  return error as SerializationError;
}

describe("an envelope", () => {
  // Magic, format, kind, flags · check · content. The checks were computed by another implementation of XXH32.
  it.each<readonly [string, Partial<CodecSettings>, unknown, string]>([
    ["an empty text", {}, "", "c1a10308 1fc9f823"],
    ["a text of ASCII", {}, "ab", "c1a10308 a8562dc0 6162"],
    ["another text", {}, "é", "c1a10300 fc4444e8 c3a9"],
    ["a text with a lone surrogate", {}, "\ud800", "c1a10400 c2c80c8e 00d8"],
    ["a Buffer", {}, Buffer.from([1, 2]), "c1a10100 3828e4db 0102"],
    ["a Uint8Array", {}, Uint8Array.of(255), "c1a10200 ef59eb2b ff"],
    ["json", {}, { a: 1 }, "c1a10508 5950fb56 7b2261223a317d"],
    ["json with tags", {}, [undefined], "c1a10608 4873ff98 5b7b2224756e646566696e6564223a307d5d"],
    ["msgpack", { serializer: "msgpack" }, { a: 1 }, "c1a10700 380c3284 81a16101"],
    ["msgpack with tags", { serializer: "msgpack" }, [undefined], "c1a10800 6157ed5d 9181aa24756e646566696e656400"],
    ["v8", { serializer: "v8" }, { a: 1 }, "c1a10900 61e3a53b ff0f6f22016149027b01"],
    [
      "gob",
      { serializer: "gob" },
      { a: 1 },
      "c1a10a00 2fffe467 0eff81040102ff8200010c011000000eff820001016103696e7404020002",
    ],
    ["a serializer of the user's, its name in front", { serializer: custom }, {}, "c1a11f00 515179c2 017807"],
    [
      "compression: compressor and length before the check",
      { compression: snappy },
      "a".repeat(200),
      "c1a10309 05c801 64ffcc11 c8010061fe0100fe0100fe01000d01",
    ],
  ])("of %s has the bytes that are drawn", async (_name, settings, value, bytes) => {
    expect(await hexOf(settings, value)).toBe(bytes.replaceAll(" ", ""));
  });

  it("with metadata has it behind the check: length, fields, numbers, tags", async () => {
    const tags = "02 04c3a900 0500d88001";
    const bytes = `c1a1030a fe9cd364 16 0f ac02 01 ffffffffffffff0f ${tags} 6162`;
    expect(await hexOf({}, "ab", metadata)).toBe(bytes.replaceAll(" ", ""));
  });

  it("takes 8 bytes, so that a small value stays below 24 more than its own", async () => {
    const codec = await openCodec();
    for (const text of ["", "a", "語", "x".repeat(10_000)]) {
      expect((await codec.encode(text, "k")).length - Buffer.byteLength(text)).toBe(8);
    }
    expect((await codec.encode({ a: 1 }, "k")).length - 7).toBe(8);
    expect((await codec.encode("a", "k", { version: 1, expiresAt: 1_800_000_000_000 })).length - 1).toBeLessThanOrEqual(
      24,
    );
  });

  it("takes 48 bytes with encryption, whatever the key it is stored under", async () => {
    const codec = await openCodec({ encryptionKeys: [TEST_KEY] });
    for (const storedKey of ["", "k", "語".repeat(500)]) expect((await codec.encode("ab", storedKey)).length).toBe(50);
  });

  it("shows nothing of what is encrypted, and its head and flags in the clear", async () => {
    const codec = await openCodec({ encryptionKeys: [TEST_KEY] });
    const bytes = Buffer.from(await codec.encode("a secret text", "k", metadata));
    expect(bytes.subarray(0, 4).toString("hex")).toBe("c1a1030e");
    expect(bytes.includes("secret")).toBe(false);
    expect(Buffer.from(await codec.encode("a secret text", "k", metadata)).equals(bytes)).toBe(false);
  });
});

describe("what is written", () => {
  it("stays as it is, whatever is written afterwards, small and large", async () => {
    const codec = await openCodec({ serializer: "msgpack" });
    const values = Array.from({ length: 400 }, (_, index) => (index % 3 === 0 ? { index } : "é".repeat(index * 40)));
    const written: Buffer[] = [];
    for (const value of values) written.push(Buffer.from(await codec.encode(value, "k")));
    const kept: Uint8Array[] = [];
    for (const value of values) kept.push(await codec.encode(value, "k"));
    expect(kept.map((bytes, index) => Buffer.compare(bytes, written[index] as Buffer))).toEqual(values.map(() => 0));
  });

  it("is of the bytes as they were when encode was called, however long it takes", async () => {
    const settings = {
      compression: { algorithm: "gzip", level: undefined, thresholdBytes: 0 },
      encryptionKeys: [TEST_KEY],
    } as const;
    const codec = await openCodec(settings);
    const value = Buffer.alloc(3 * 2 ** 20, "before ");
    const was = Buffer.from(value);
    const writing = codec.encode(value, "k");
    expect(writing).toBeInstanceOf(Promise);
    value.fill("after");
    const { value: back } = await codec.decode(await writing, "k");
    expect((back as Buffer).equals(was)).toBe(true);
  });

  it("goes on after a value that was refused in the middle", async () => {
    const bad = { a: [1, { b: () => 1 }] };
    let deep: unknown = 1;
    for (let depth = 0; depth < 900; depth += 1) deep = new Map([["k", deep]]);
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ serializer });
      for (const refused of [bad, { deep, bad }])
        await expect(async () => codec.encode(refused, "k")).rejects.toThrow();
      const { value } = await codec.decode(await codec.encode({ a: [1, "é"] }, "k"), "k");
      expect(strictDifference({ a: [1, "é"] }, value)).toBe(undefined);
    }
  });

  it("may be written while another value is, from a getter of that", async () => {
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ serializer });
      const inner: unknown[] = [];
      const outer = Object.defineProperty({ first: "é", last: 2 }, "middle", {
        enumerable: true,
        get: () => {
          inner.push(codec.encode({ inner: "x".repeat(3_000), n: inner.length }, "k"));
          return "m";
        },
      });
      const { value } = await codec.decode(await codec.encode(outer, "k"), "k");
      expect(value).toEqual({ first: "é", last: 2, middle: "m" });
      for (const [n, bytes] of inner.entries()) {
        expect((await codec.decode(bytes as Uint8Array, "k")).value).toEqual({ inner: "x".repeat(3_000), n });
      }
    }
  });
});

describe("limits of what is written", () => {
  it("a value of exactly the largest size is written, one byte more is refused, and nothing that is written is refused when read", async () => {
    for (const [value, tooLong] of [
      ["x".repeat(100), "x".repeat(101)],
      ["é".repeat(50), `${"é".repeat(50)}a`],
      ["\ud800".repeat(50), "\ud800".repeat(51)],
      [Buffer.alloc(100), Buffer.alloc(101)],
      [["x".repeat(96)], ["x".repeat(97)]],
    ] as const) {
      const codec = await openCodec({ maxValueBytes: 100 });
      const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
      expect(back).toEqual(value);
      expect((await refusal({ maxValueBytes: 100 }, tooLong)).path).toBe("$");
      expect((await refusal({ maxValueBytes: 100, encryptionKeys: [TEST_KEY] }, tooLong)).message).toContain(
        "100 bytes",
      );
    }
  });

  it("a value counts before it is compressed", async () => {
    await refusal({ maxValueBytes: 1_000, compression: { ...snappy, algorithm: "gzip" } }, "a".repeat(1_001));
  });

  it("nesting is refused one level below the deepest, by the path that leads there", async () => {
    for (const serializer of ["json", "msgpack", "gob"] as const) {
      const nest = (depth: number): unknown => {
        let value: unknown = 1;
        for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
        return value;
      };
      const codec = await openCodec({ serializer });
      const { value } = await codec.decode(await codec.encode(nest(1_000), "k"), "k");
      expect(strictDifference(nest(1_000), value)).toBe(undefined);
      expect((await refusal({ serializer }, nest(1_001))).path).toBe(`$${"[0].a".repeat(500)}`);
    }
  });
});
