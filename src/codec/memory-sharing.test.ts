import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../test/support/codec/codec-settings.ts";
import type { Codec } from "./codec.ts";

const KEY = "key";
const SERIALIZERS = ["json", "msgpack", "v8", "gob"] as const;

async function encoded(codec: Codec, value: unknown): Promise<Uint8Array> {
  return codec.encode(value, KEY);
}

async function decoded(codec: Codec, bytes: Uint8Array): Promise<unknown> {
  return (await codec.decode(bytes, KEY)).value;
}

/** Values of all sizes at which memory is taken from somewhere else. */
function valuesOf(size: number): readonly unknown[] {
  return [
    "x".repeat(size),
    "é".repeat(size),
    "日".repeat(size),
    `${"x".repeat(size)}\ud800`,
    Buffer.alloc(size, size % 251),
    new Uint8Array(size).fill(size % 249),
    { text: "x".repeat(size), list: [size] },
    ["日".repeat(size)],
    [{ at: new Date(size), bytes: Buffer.alloc(size, size % 247) }],
  ];
}

const SIZES = [0, 1, 8, 100, 172, 180, 999, 1_001, 4_088, 4_096, 6_000, 16_376, 20_000];

/** Vitest's own comparison takes seconds for all of them. */
function expectEqual(read: unknown, value: unknown): void {
  if (!isDeepStrictEqual(read, value)) expect(read).toStrictEqual(value);
}

describe.each(SERIALIZERS)("the memory of values with the serializer %s", (serializer) => {
  it("encoded values stay what they are while others are encoded and decoded", async () => {
    const codec = await openCodec({ serializer });
    const values = SIZES.flatMap(valuesOf);
    const bytes: Uint8Array[] = [];
    for (const value of values) bytes.push(await encoded(codec, value));
    const copies = bytes.map((each) => Buffer.from(each));
    for (const [index, value] of values.entries()) {
      expectEqual(await decoded(codec, bytes[index] as Uint8Array), value);
      await encoded(codec, values[(index * 7) % values.length]);
    }
    for (const [index, copy] of copies.entries()) expect(copy.equals(bytes[index] as Uint8Array)).toBe(true);
  });

  it("what was read shares no memory with the bytes, wherever these lie", async () => {
    const codec = await openCodec({ serializer });
    for (const size of SIZES) {
      for (const value of valuesOf(size)) {
        const bytes = await encoded(codec, value);
        for (const offset of [0, 1, 3, 8]) {
          const chunk = Buffer.alloc(bytes.length + offset + 5);
          const stored = chunk.subarray(offset, offset + bytes.length);
          stored.set(bytes);
          const read = await decoded(codec, stored);
          chunk.fill(0);
          expectEqual(read, value);
          // Nothing is hung on what is somebody else's.
          expect("dataView" in stored).toBe(false);
        }
      }
    }
  });

  it("what was read shares no memory with what is read next", async () => {
    const codec = await openCodec({ serializer });
    const read: unknown[] = [];
    for (const size of SIZES)
      for (const value of valuesOf(size)) read.push(await decoded(codec, await encoded(codec, value)));
    const values = SIZES.flatMap(valuesOf);
    for (const [index, value] of values.entries()) expectEqual(read[index], value);
    for (const value of read) if (value instanceof Uint8Array) value.fill(255);
    for (const [index, value] of values.entries()) {
      if (!(value instanceof Uint8Array)) expectEqual(read[index], value);
    }
  });
});

describe("values that are compressed or encrypted in slices", () => {
  it.each([
    ["compressed", { compression: { algorithm: "gzip", level: undefined, thresholdBytes: 0 } }],
    ["encrypted", { encryptionKeys: [Buffer.from("a key of 32 bytes for the tests!")] }],
  ] as const)("%s, stay what they are while others are encoded", async (_name, settings) => {
    for (const serializer of ["json", "msgpack"] as const) {
      const codec = await openCodec({ serializer, ...settings });
      const values = [1, 2, 3, 4].map((seed) => ({
        list: Array.from({ length: 100_000 }, (_, index) => index * seed),
      }));
      const bytes = await Promise.all(values.map((value) => encoded(codec, value)));
      for (const [index, value] of values.entries()) {
        expectEqual(await decoded(codec, bytes[index] as Uint8Array), value);
      }
    }
  });
});

describe("bytes that were read", () => {
  it("keep no more than the platform's pool alive, and from 4 KiB on nothing but themselves", async () => {
    const codec = await openCodec();
    for (const [size, most] of [
      [10, 8_192],
      [4_000, 8_192],
      [5_000, 5_008],
      [100_000, 100_008],
    ] as const) {
      const read = (await decoded(codec, await encoded(codec, Buffer.alloc(size)))) as Buffer;
      expect(read.length).toBe(size);
      expect(read.buffer.byteLength).toBeLessThanOrEqual(most);
    }
  });

  it("are a Uint8Array's alone when they were one", async () => {
    const codec = await openCodec();
    const read = (await decoded(codec, await encoded(codec, new Uint8Array(10)))) as Uint8Array;
    expect(read.constructor).toBe(Uint8Array);
    expect(read.buffer.byteLength).toBe(10);
  });
});
