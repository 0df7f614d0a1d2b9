import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../test/support/codec/codec-settings.ts";
import { COMPRESSIONS, TEST_KEY, testDictionary } from "../../test/support/codec/compressions.ts";
import { sealPayload, withTrueCheck } from "../../test/support/codec/seal-payload.ts";
import { faultOf } from "../../test/support/compression/fault-of.ts";
import type { UnreadableReason } from "./codec-fault.ts";
import type { CodecSettings } from "./codec-settings.ts";
import type { EnvelopeHead } from "./envelope/envelope-head.ts";
import { PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";

async function reasonOf(bytes: Uint8Array, settings: Partial<CodecSettings> = {}): Promise<UnreadableReason> {
  const codec = await openCodec(settings);
  return (await faultOf(() => codec.decode(bytes, "k"))).reason;
}

const encryptionKeys = [TEST_KEY];

describe("bytes of other programs", () => {
  it.each<readonly [string, Uint8Array]>([
    ["nothing", Buffer.alloc(0)],
    ["JSON", Buffer.from('{"a":1}')],
    ["a JSON text", Buffer.from('"text"')],
    ["gzip", gzipSync("text")],
    ["msgpack", Buffer.from([0x81, 0xa1, 0x61, 1])],
    ["PHP's serialize", Buffer.from('a:1:{s:1:"a";i:1;}')],
    ["an integer with a line's end, as memcached clients leave it", Buffer.from("5\r\n")],
    ["an integer with spaces, as memcached pads it", Buffer.from("5   ")],
    ["Python's pickle", Buffer.from([0x80, 4, 0x95, 1])],
    ["Java's serialization", Buffer.from([0xac, 0xed, 0, 5])],
    ["a structured clone", Buffer.from([0xff, 15, 0x49, 2])],
    ["text of UTF-8", Buffer.from("é語")],
    ["text of UTF-16", Buffer.from("ab", "utf16le")],
    ["a float", Buffer.from("1.5")],
    ["a number with a plus", Buffer.from("+5")],
    ["true", Buffer.from("true")],
    ["zeros", Buffer.alloc(100)],
  ])("%s: foreign", async (_name, bytes) => {
    expect(await reasonOf(bytes)).toBe("foreign");
    expect(await reasonOf(bytes, { encryptionKeys })).toBe("foreign");
  });

  it("any single byte is foreign, but for the ten digits", async () => {
    const codec = await openCodec();
    for (let byte = 0; byte < 256; byte += 1) {
      const fault = await faultOf(() => codec.decode(Uint8Array.of(byte), "k"), true);
      if (byte >= 0x30 && byte <= 0x39) expect(fault).toBe(undefined);
      else expect(fault?.reason).toBe("foreign");
    }
  });

  it("the magic with anything but a format behind it is foreign", async () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const bytes = Buffer.concat([Buffer.of(0xc1, byte, 3, 0), Buffer.alloc(20)]);
      if (byte === 0xa1) expect(await reasonOf(bytes)).toBe("damaged");
      else expect(await reasonOf(bytes)).toBe(byte > 0xa1 && byte < 0xb0 ? "newer-format" : "foreign");
    }
  });
});

describe("values of newer writers", () => {
  it("of each flag without a name: newer-format, with keys and without", async () => {
    for (const flag of [16, 32, 64, 128, 0xff]) {
      const bytes = Buffer.from(sealPayload(PAYLOAD_KINDS.utf8, Buffer.from("text")));
      bytes[3] = flag;
      expect(await reasonOf(withTrueCheck(bytes, 4))).toBe("newer-format");
      expect(await reasonOf(bytes, { encryptionKeys })).toBe("newer-format");
    }
  });

  it("of each kind without a name: unknown-serializer, when the check is true", async () => {
    const known = new Set<number>(Object.values(PAYLOAD_KINDS));
    for (let kind = 0; kind < 256; kind += 1) {
      const bytes = sealPayload(kind, Buffer.from("[]"));
      const fault = await faultOf(async () => (await openCodec()).decode(bytes, "k"), true);
      if (!known.has(kind)) expect(fault?.reason, String(kind)).toBe("unknown-serializer");
      bytes[9] = 0;
      expect(await reasonOf(bytes)).toBe("damaged");
    }
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.custom, Buffer.from("\x01x")))).toBe("unknown-serializer");
  });

  it("of a compressor without a name: unknown-compressor", async () => {
    for (const compressorId of [0, 8, 255]) {
      const compression = { compressorId, rawBytes: 4, dictionaryId: undefined };
      expect(await reasonOf(sealPayload(PAYLOAD_KINDS.utf8, Buffer.from("text"), { compression }))).toBe(
        "unknown-compressor",
      );
    }
  });

  it("of metadata with a field without a name: newer-format", async () => {
    const content = Buffer.from([2, 16, 1, 0x61]);
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.utf8, content, { hasMetadata: true }))).toBe("newer-format");
  });

  it("of a newer platform's structured clone: newer-format", async () => {
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.v8, Buffer.from([0xff, 16, 0x30])))).toBe("newer-format");
  });
});

describe("values that were damaged", () => {
  it("at every length that they may be cut to, and with bytes behind", async () => {
    for (const [name, settings] of COMPRESSIONS) {
      const codec = await openCodec(settings);
      const bytes = Buffer.from(await codec.encode({ text: "again ".repeat(30) }, "k", { version: 5 }));
      for (let length = 1; length < bytes.length; length += 1) {
        const { reason } = await faultOf(() => codec.decode(bytes.subarray(0, length), "k"));
        // The length in front of the check may be cut in its middle.
        expect(["damaged", "foreign", "malformed"], `${name} ${length}`).toContain(reason);
        if (length > 12) expect(reason, `${name} ${length}`).toBe("damaged");
      }
      expect((await faultOf(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)]), "k"))).reason).toBe("damaged");
    }
  });

  it("in any single bit", async () => {
    for (const [name, settings] of COMPRESSIONS) {
      const codec = await openCodec(settings);
      const bytes = Buffer.from(await codec.encode({ text: "again ".repeat(20) }, "k", { version: 5 }));
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        await faultOf(() => codec.decode(changed, "k")).catch(() => expect.fail(`${name}: bit ${bit} was not noticed`));
      }
    }
  });

  it("is found before anything is decompressed or parsed", async () => {
    const compression = { compressorId: 1, rawBytes: 2 ** 40, dictionaryId: undefined };
    const bytes = sealPayload(PAYLOAD_KINDS.v8, Buffer.from("nonsense"), { compression });
    bytes[bytes.length - 1] = 0;
    expect(await reasonOf(bytes)).toBe("damaged");
  });
});

describe("values whose parts contradict each other", () => {
  it.each<readonly [string, number, readonly number[], Partial<EnvelopeHead>, UnreadableReason]>([
    ["text that is no UTF-8", 3, [0xff], {}, "malformed"],
    ["text of half a character", 4, [0x61], {}, "malformed"],
    ["JSON that is none", 5, [0x7b], {}, "malformed"],
    ["JSON that is no UTF-8", 5, [0x22, 0xff, 0x22], {}, "malformed"],
    ["no JSON at all", 5, [], {}, "malformed"],
    ["msgpack with bytes behind", 7, [1, 1], {}, "malformed"],
    ["a tag that is none", 6, [...Buffer.from('{"$nothing":0}')], {}, "malformed"],
    ["undefined as the value", 6, [...Buffer.from('{"$undefined":0}')], {}, "malformed"],
    ["undefined as the value of a structured clone", 9, [0xff, 15, 0x5f], {}, "malformed"],
    ["a structured clone that is none", 9, [1], {}, "malformed"],
    ["a gob that is none", 10, [1], {}, "malformed"],
    ["metadata longer than the value", 3, [9, 1, 1], { hasMetadata: true }, "malformed"],
    ["metadata that is not there", 3, [], { hasMetadata: true }, "malformed"],
    ["metadata shorter than it says", 3, [3, 1, 1, 0x61], { hasMetadata: true }, "malformed"],
    [
      "compressed bytes that are none",
      3,
      [1, 2, 3],
      { compression: { compressorId: 1, rawBytes: 9, dictionaryId: undefined } },
      "malformed",
    ],
  ])("%s", async (_name, kind, content, head, reason) => {
    expect(await reasonOf(sealPayload(kind, Uint8Array.from(content), head))).toBe(reason);
  });

  it("a compressed value that is shorter or longer than it says", async () => {
    for (const rawBytes of [0, 3, 5]) {
      const compression = { compressorId: 1, rawBytes, dictionaryId: undefined };
      expect(await reasonOf(sealPayload(PAYLOAD_KINDS.utf8, gzipSync("text"), { compression }))).toBe("malformed");
    }
  });

  it("a dictionary that nobody has, and one that is another", async () => {
    const compression = { compressorId: 6, rawBytes: 4, dictionaryId: testDictionary.id };
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.utf8, Buffer.of(1), { compression }))).toBe("unknown-dictionary");
    const other = { ...compression, dictionaryId: testDictionary.id + 1 };
    const settings = { dictionaries: [testDictionary] };
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.utf8, Buffer.of(1), { compression: other }), settings)).toBe(
      "unknown-dictionary",
    );
  });
});

describe("limits of what is read", () => {
  it("a value of exactly the largest size is read, one byte more is refused, raw and compressed", async () => {
    const writer = await openCodec();
    const reader = await openCodec({ maxValueBytes: 100 });
    const compressing = await openCodec({ compression: { algorithm: "gzip", level: undefined, thresholdBytes: 0 } });
    for (const codec of [writer, compressing]) {
      const fits = "a".repeat(100);
      expect((await reader.decode(await codec.encode(fits, "k"), "k")).value).toBe(fits);
      const longer = await codec.encode(`${fits}a`, "k");
      expect((await faultOf(() => reader.decode(longer, "k"))).reason).toBe("too-large");
    }
  });

  it("what a few bytes say that they expand to is held against the limit before they do", async () => {
    for (const rawBytes of [101, 2 ** 31, 2 ** 53 - 1]) {
      const compression = { compressorId: 3, rawBytes, dictionaryId: undefined };
      const bytes = sealPayload(PAYLOAD_KINDS.utf8, Buffer.of(1), { compression });
      expect(await reasonOf(bytes, { maxValueBytes: 100 })).toBe("too-large");
    }
  });

  it("what is nested one level too deep is refused", async () => {
    const text = (depth: number): Buffer => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    const codec = await openCodec();
    await codec.decode(sealPayload(PAYLOAD_KINDS.json, text(1_000)), "k");
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.json, text(1_001)))).toBe("too-large");
    const objects = (depth: number): Buffer => Buffer.from(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
    await codec.decode(sealPayload(PAYLOAD_KINDS.json, objects(1_000)), "k");
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.json, objects(1_001)))).toBe("too-large");
    const packed = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(1)]);
    await codec.decode(sealPayload(PAYLOAD_KINDS.msgpack, packed(1_000)), "k");
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.msgpack, packed(1_001)))).toBe("too-large");
    const clone = (depth: number): Buffer =>
      Buffer.concat([
        Buffer.of(0xff, 15),
        Buffer.alloc(depth * 2, "A\x01"),
        Buffer.from("0"),
        Buffer.alloc(depth * 3, "$\0\x01"),
      ]);
    await codec.decode(sealPayload(PAYLOAD_KINDS.v8, clone(1_000)), "k");
    expect(await reasonOf(sealPayload(PAYLOAD_KINDS.v8, clone(1_001)))).toBe("too-large");
  });

  it("brackets inside strings are none", async () => {
    const codec = await openCodec();
    const value = ["[".repeat(5_000), '\\"[', '"'.repeat(3), { '{"[': "\\" }];
    expect((await codec.decode(await codec.encode(value, "k"), "k")).value).toEqual(value);
  });
});

describe("encryption", () => {
  it("a value in the clear is refused where keys are, integers among them", async () => {
    const clear = await openCodec();
    for (const value of ["text", 5, { a: 1 }]) {
      expect(await reasonOf(await clear.encode(value, "k"), { encryptionKeys })).toBe("not-encrypted");
    }
    expect(await reasonOf(await clear.encode("text", "k", { version: 1 }), { encryptionKeys })).toBe("not-encrypted");
  });

  it("an encrypted value is refused where no key is, or another", async () => {
    const codec = await openCodec({ encryptionKeys });
    const bytes = await codec.encode(5, "k");
    expect(await reasonOf(bytes)).toBe("unknown-key");
    expect(await reasonOf(bytes, { encryptionKeys: [Buffer.alloc(32, "another key for tests")] })).toBe("unknown-key");
  });

  it("any bit of it, its head among them, and the key that it is stored under", async () => {
    const codec = await openCodec({
      encryptionKeys,
      compression: { algorithm: "lz4", level: undefined, thresholdBytes: 0 },
    });
    const bytes = Buffer.from(await codec.encode("again ".repeat(20), "k", { version: 1 }));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      await faultOf(() => codec.decode(changed, "k")).catch(() => expect.fail(`bit ${bit} was not noticed`));
    }
    for (const storedKey of ["", "K", "k ", "@k"]) {
      expect((await faultOf(() => codec.decode(bytes, storedKey))).reason).toBe("not-authentic");
    }
    expect((await codec.decode(bytes, "k")).value).toBe("again ".repeat(20));
  });

  it("a large value is written and read in slices, with the same result", async () => {
    const codec = await openCodec({ encryptionKeys });
    const value = Buffer.alloc(2 ** 20 + 1, "large ");
    const bytes = await codec.encode(value, "k", { version: 3 });
    expect(codec.encode(value, "k")).toBeInstanceOf(Promise);
    const decoded = await codec.decode(bytes, "k");
    expect((decoded.value as Buffer).equals(value)).toBe(true);
    expect(decoded.metadata).toEqual({ version: 3 });
    expect((await faultOf(() => codec.decode(bytes, "other"))).reason).toBe("not-authentic");
  });
});
