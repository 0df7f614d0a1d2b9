import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { trainDictionary } from "../codec/dictionary/train-dictionary.ts";
import { findCodecFields, resolveCodec } from "./resolve-codec.ts";
import { resolveConfig } from "./resolve-config.ts";

const KEY = Buffer.from("a key of 32 bytes for the tests!").toString("base64");
const OTHER_KEY = Buffer.from("another one of 32 bytes, as well").toString("base64");
const samples = Array.from({ length: 200 }, (_, index) =>
  Buffer.from(JSON.stringify({ id: index, name: `user ${index}`, role: "admin", country: "PT", active: true })),
);
const DICTIONARY = trainDictionary(samples, { sizeBytes: 1_024 });
const DICTIONARY_TEXT = Buffer.from(DICTIONARY.bytes).toString("base64");

describe("resolveCodec", () => {
  it("settles names, sizes, dictionaries and keys", () => {
    expect(
      resolveCodec({
        serializer: "msgpack",
        compression: true,
        compressionAlgorithm: "zstd",
        compressionLevel: 7,
        compressionThreshold: "4KB",
        compressionDictionaries: [DICTIONARY_TEXT],
        encryption: { keys: [KEY, OTHER_KEY] },
        maxValueSize: "1MB",
      }),
    ).toMatchObject({
      serializer: "msgpack",
      hasEnvelope: true,
      compression: { algorithm: "zstd", level: 7, thresholdBytes: 4_096 },
      dictionaries: [{ id: DICTIONARY.id }],
      encryptionKeys: [new Uint8Array(Buffer.from(KEY, "base64")), new Uint8Array(Buffer.from(OTHER_KEY, "base64"))],
      maxValueBytes: 2 ** 20,
    });
  });

  it("leaves compression out unless it is switched on", () => {
    expect(resolveCodec({ compressionAlgorithm: "zstd", compressionLevel: 1 }).compression).toBeUndefined();
    expect(resolveCodec({ compression: true }).compression).toEqual({
      algorithm: "gzip",
      level: undefined,
      thresholdBytes: 1_024,
    });
  });
});

describe("what only bytes can have", () => {
  it.each([
    [{ serializer: "msgpack" }, ["serializer"]],
    [{ serializer: { encode: () => new Uint8Array(), decode: () => 1 } }, ["serializer"]],
    [{ compression: true, compressionAlgorithm: "lz4" }, ["compression"]],
    [{ encryption: { keys: [KEY] }, envelope: false }, ["envelope", "encryption"]],
    [{ unreadableValues: "error", maxValueSize: "1MB" }, ["maxValueSize", "unreadableValues"]],
    [{ serializer: "json", envelope: true, unreadableValues: "miss", compression: false }, []],
    [{ compressionAlgorithm: "lz4", compressionLevel: 3, encryption: { keys: [] } }, []],
  ] as const)("%j asks for %j", (config, fields) => {
    expect(findCodecFields(config)).toEqual(fields);
  });
});

describe("combinations that cannot be", () => {
  it.each([
    [
      "serializer",
      { serializer: { name: "", encode: () => new Uint8Array(), decode: (): number => 1 } },
      /1 to 64 characters/,
    ],
    [
      "serializer",
      { serializer: { name: 5, encode: () => new Uint8Array(), decode: (): number => 1 } },
      /1 to 64 characters/,
    ],
    ["compression", { envelope: false, compression: true }, /needs the envelope/],
    ["encryption", { envelope: false, encryption: { keys: [KEY] } }, /needs the envelope/],
    ["compressionLevel", { compression: true, compressionAlgorithm: "gzip", compressionLevel: 12 }, /from 1 to 9/],
    ["compressionLevel", { compression: true, compressionAlgorithm: "snappy", compressionLevel: 1 }, /no levels/],
    ["compressionDictionaries", { envelope: false, compressionDictionaries: [DICTIONARY_TEXT] }, /needs the envelope/],
    ["compressionDictionaries[1]", { compressionDictionaries: [DICTIONARY_TEXT, "AAAA"] }, /no dictionary/],
    ["compressionDictionaries[0]", { compressionDictionaries: ["file:./users.dict"] }, /loadConfig/],
    ["encryption.keys", { encryption: { keys: [KEY, KEY] } }, /encryption\.keys/],
    ["encryption.keys", { encryption: { keys: [`${"A".repeat(43)}=`] } }, /encryption\.keys/],
    ["encryption.keys[0]", { encryption: { keys: [`${"A".repeat(42)}B=`] } }, /32 bytes in base64/],
  ])("%s is refused in %j", (field, config, message) => {
    expect(() => resolveConfig(config)).toThrow(expect.objectContaining({ field }));
    expect(() => resolveConfig(config)).toThrow(message);
  });

  it("says nothing of a key", () => {
    expect.assertions(1);
    try {
      resolveConfig({ encryption: { keys: [KEY, KEY] } });
    } catch (error) {
      expect(String((error as Error).message)).not.toContain(KEY.slice(0, 10));
    }
  });
});
