import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { CodecSettings } from "../../../src/codec/codec-settings.ts";
import type { CompressorName } from "../../../src/codec/compressors/create-compressor.ts";
import { type CompressionDictionary, parseDictionary } from "../../../src/codec/dictionary/compression-dictionary.ts";
import type { CustomSerializer } from "../../../src/codec/serializers/custom-serializer.ts";
import type { EntryMetadata } from "../../../src/entry/entry-metadata.ts";

/** A value whose bytes a release wrote, and what they have to be read as for ever. */
export interface EnvelopeCase {
  /** Names the bytes in `version-1.json`. Never changed. */
  readonly name: string;
  readonly settings: Partial<CodecSettings>;
  readonly value: unknown;
  readonly metadata?: EntryMetadata;
}

/** The key that all of them are stored under; encryption binds it. */
export const OLD_STORED_KEY = "@shop/eu:语 \ud800 user:1";

/** The key that the encrypted ones are encrypted with. */
export const OLD_ENCRYPTION_KEY: Uint8Array = Buffer.from("fh6bLQwSw2OHJVi5yf0BmyLhZ3vUP9vCq1Hn9pn0l1Q=", "base64");

/** A dictionary as a release trained it, `dictionary-1.bin`. */
export const oldDictionary: CompressionDictionary = parseDictionary(
  readFileSync(new URL("dictionary-1.bin", import.meta.url)),
);

/** A serializer of a user's. */
export const OLD_CUSTOM: CustomSerializer = {
  name: "reversed 語",
  encode: (value) => Buffer.from(JSON.stringify(value)).reverse(),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).reverse().toString()) as unknown,
};

/** An error with all that is kept of one, and nothing of the machine that made it. */
function oldError(options?: ErrorOptions): Error {
  const error = new RangeError("out of range: é", options);
  Object.defineProperty(error, "stack", {
    value: "RangeError: out of range\n    at here",
    writable: true,
    configurable: true,
  });
  return error;
}

/** Everything that the default serializer carries. */
function everything(): Record<string, unknown> {
  const shared = { n: 1 };
  const sparse: unknown[] = Object.assign(new Array<unknown>(4), { 0: 1, 2: undefined, 3: 3 });
  const match = Object.assign(["a", "b"], { index: 2, groups: undefined });
  const value: Record<string, unknown> = {
    numbers: [0, -0, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53],
    bigints: [0n, -1n, 2n ** 64n, -(10n ** 40n)],
    texts: ["", "é語😀", "\ud800", "\u0000"],
    nothing: [null, undefined],
    dates: [new Date(0), new Date(1_700_000_000_123), new Date(Number.NaN)],
    regExps: [/a+/gi, Object.assign(/[/]\n/y, { lastIndex: 3 })],
    map: new Map<unknown, unknown>([
      ["k", 1],
      [{ deep: new Map([[1, 2]]) }, new Set([3])],
    ]),
    set: new Set<unknown>([1, "1", null, undefined]),
    bytes: [
      Buffer.from([1, 2, 255]),
      new Uint8Array([1, 2]),
      new Uint8ClampedArray([3]),
      new Int8Array([-1]),
      new Uint16Array([65_535]),
      new Int16Array([-2]),
      new Uint32Array([4_294_967_295]),
      new Int32Array([-3]),
      new Float32Array([1.5, Number.NaN]),
      new Float64Array([0.1, -0]),
      new BigInt64Array([-(2n ** 63n)]),
      new BigUint64Array([2n ** 64n - 1n]),
      new DataView(Uint8Array.of(9, 8).buffer),
      Uint8Array.of(7).buffer,
    ],
    error: oldError({ cause: { code: 7 } }),
    sparse,
    match,
    bare: Object.assign(Object.create(null) as object, { a: 1, $date: 2 }),
    boxes: [Object("text"), Object(1), Object(false), Object(1n)],
    looksLikeTags: [{ $date: 1 }, { $plain: {} }, { $ref: 0 }, { $: 1 }],
    shared: [shared, shared],
    "": { constructor: 1, toString: 2, "\ud800": 3 },
  };
  Object.defineProperty(value, "__proto__", {
    value: { evil: true },
    enumerable: true,
    writable: true,
    configurable: true,
  });
  value["self"] = value;
  return value;
}

/** What V8's structured clone carries of it. */
function everythingOfV8(): Record<string, unknown> {
  const { bare: _bare, regExps: _regExps, ...rest } = everything();
  const value: Record<string, unknown> = { ...rest, regExps: [/a+/gi], error: oldError() };
  value["self"] = value;
  return value;
}

/** What a gob carries. */
function everythingOfGob(): Record<string, unknown> {
  return {
    numbers: [0, -0, 0.1, Number.NaN, 2 ** 53],
    ints: [1, -1, 2 ** 53 - 1],
    bigints: [0n, -1n, 2n ** 64n],
    text: "é語😀",
    nothing: [null, undefined],
    date: new Date(1_700_000_000_123),
    map: new Map<unknown, unknown>([
      ["k", 1],
      [2, "v"],
    ]),
    set: new Set([1, 2]),
    bytes: [Buffer.from([1, 2, 255]), new Uint8Array([1]), new Float64Array([0.5]), new BigInt64Array([-1n])],
    nested: { a: [{ b: [true, false] }] },
  };
}

const record = {
  id: 100_042,
  name: "Ada Lovelace",
  email: "ada.lovelace7@example.com",
  active: true,
  role: "admin",
  city: "Berlin",
  score: 99.5,
  tags: ["the of and to in is you that it he was for on are as with his they at be this have from one had"],
  // Enough of the same that every algorithm makes it shorter.
  notes: ["the same again", "the same again", "the same again", "the same again", "the same again"],
};
const metadata: EntryMetadata = {
  version: 2 ** 53 - 1,
  freshUntil: 1_700_000_000_000,
  expiresAt: 1_800_000_000_000,
  tags: [
    { tag: "users", version: 7 },
    { tag: "語 é", version: 0 },
    { tag: "\ud800", version: 2 ** 40 },
  ],
};

const compressed = (algorithm: CompressorName): Partial<CodecSettings> => ({
  compression: { algorithm, level: undefined, thresholdBytes: 0 },
});
const encryptionKeys = [OLD_ENCRYPTION_KEY];
const bare: Partial<CodecSettings> = { hasEnvelope: false };

/** Never changed; new ones are added at the end. */
export const ENVELOPE_CASES: readonly EnvelopeCase[] = [
  { name: "text, empty", settings: {}, value: "" },
  { name: "text, ascii", settings: {}, value: "plain text" },
  { name: "text, ascii, long", settings: {}, value: "0123456789".repeat(150) },
  { name: "text, utf-8", settings: {}, value: "é語😀 \u0000\ufeff" },
  { name: "text, utf-16", settings: {}, value: "\ud800 é \udfff" },
  { name: "buffer", settings: {}, value: Buffer.from([0, 1, 254, 255]) },
  { name: "buffer, empty", settings: {}, value: Buffer.alloc(0) },
  { name: "uint8array", settings: {}, value: new Uint8Array([0xc1, 0xa1, 3]) },
  { name: "integer 0", settings: {}, value: 0 },
  { name: "integer, smallest safe", settings: {}, value: Number.MIN_SAFE_INTEGER },
  { name: "integer, largest safe", settings: {}, value: Number.MAX_SAFE_INTEGER },
  { name: "integer, largest of 64 bits", settings: {}, value: 2n ** 63n - 1n },
  { name: "integer, smallest of 64 bits", settings: {}, value: -(2n ** 63n) },
  { name: "number that is no integer", settings: {}, value: -0.5 },
  { name: "number -0", settings: {}, value: -0 },
  { name: "bigint, small", settings: {}, value: 5n },
  { name: "null", settings: {}, value: null },
  { name: "true", settings: {}, value: true },
  { name: "date", settings: {}, value: new Date(1_700_000_000_123) },
  { name: "json", settings: {}, value: record },
  { name: "json, tagged", settings: {}, value: everything() },
  { name: "msgpack", settings: { serializer: "msgpack" }, value: record },
  { name: "msgpack, tagged", settings: { serializer: "msgpack" }, value: everything() },
  { name: "v8", settings: { serializer: "v8" }, value: record },
  { name: "v8, everything", settings: { serializer: "v8" }, value: everythingOfV8() },
  { name: "gob", settings: { serializer: "gob" }, value: record },
  { name: "gob, everything", settings: { serializer: "gob" }, value: everythingOfGob() },
  { name: "custom", settings: { serializer: OLD_CUSTOM }, value: record },
  { name: "metadata", settings: {}, value: record, metadata },
  { name: "metadata, none of its fields", settings: {}, value: "x", metadata: {} },
  { name: "metadata of an integer", settings: {}, value: 7, metadata: { version: 3 } },
  { name: "gzip", settings: compressed("gzip"), value: record },
  { name: "brotli", settings: compressed("brotli"), value: record },
  { name: "zstd", settings: compressed("zstd"), value: record },
  { name: "lz4", settings: compressed("lz4"), value: record },
  { name: "snappy", settings: compressed("snappy"), value: record },
  { name: "gzip with a dictionary", settings: { ...compressed("gzip"), dictionaries: [oldDictionary] }, value: record },
  { name: "zstd with a dictionary", settings: { ...compressed("zstd"), dictionaries: [oldDictionary] }, value: record },
  { name: "zstd, metadata, utf-8 text", settings: compressed("zstd"), value: "語é".repeat(200), metadata },
  { name: "encrypted", settings: { encryptionKeys }, value: record },
  { name: "encrypted integer", settings: { encryptionKeys }, value: 42 },
  { name: "encrypted, metadata, text", settings: { encryptionKeys }, value: "語", metadata },
  { name: "encrypted, gzip, metadata", settings: { ...compressed("gzip"), encryptionKeys }, value: record, metadata },
  {
    name: "encrypted, msgpack, lz4",
    settings: { ...compressed("lz4"), encryptionKeys, serializer: "msgpack" },
    value: record,
  },
  { name: "bare json", settings: bare, value: record },
  { name: "bare json text", settings: bare, value: "é" },
  { name: "bare msgpack", settings: { ...bare, serializer: "msgpack" }, value: record },
  { name: "bare v8", settings: { ...bare, serializer: "v8" }, value: record },
  { name: "bare gob", settings: { ...bare, serializer: "gob" }, value: record },
];
