import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Codec } from "../../../src/codec/codec.ts";
import type { CodecSettings } from "../../../src/codec/codec-settings.ts";
import { readHead } from "../../../src/codec/envelope/envelope-head.ts";
import { CHECK_BYTES, ENVELOPE_MAGIC, PAYLOAD_KINDS } from "../../../src/codec/envelope/envelope-layout.ts";
import { SerializationError } from "../../../src/foundation/errors.ts";
import { openCodec } from "../../support/codec/codec-settings.ts";
import { codecValue } from "../../support/codec/codec-values.ts";
import { COMPRESSIONS, TEST_KEY, testDictionary } from "../../support/codec/compressions.ts";
import { gobValue } from "../../support/gob-values.ts";

/** What a fuzzer begins with. */
export interface CodecCorpus {
  /** In the clear: every serializer, compressor, with and without metadata. */
  readonly clear: readonly Buffer[];
  readonly encrypted: readonly Buffer[];
  /** Bodies of those without compression and metadata, by their kind: what a serializer made. */
  readonly payloads: ReadonlyMap<number, readonly Buffer[]>;
}

/** The key that all values of the corpus are stored under. */
export const CORPUS_KEY = "@shop:user:1";

const VALUES_PER_COMBINATION = 10;
/** Of short ones a change hits something. */
const MAX_BYTES = 3_000;
const PADDING = "the same again and again, ".repeat(8);

const custom = {
  name: "mine",
  encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
};

/** Codecs that read the corpus. */
export interface FuzzCodecs {
  readonly clear: Codec;
  /** Reads values of up to 2 KiB only. */
  readonly narrow: Codec;
  readonly encrypted: Codec;
  readonly bare: readonly Codec[];
  /** Writes what was read, to see whether it can be written. */
  readonly writer: Codec;
}

/** Opens the codecs that cases are decoded with. */
export async function openFuzzCodecs(): Promise<FuzzCodecs> {
  const dictionaries = [testDictionary];
  const serializers = ["json", "msgpack", "v8", "gob"] as const;
  const clear = await openCodec({ serializer: custom, dictionaries });
  // Loads msgpack and the compressors, so that cases are not measured with it.
  for (const bytes of await loadingValues()) await clear.decode(bytes, CORPUS_KEY);
  return {
    clear,
    narrow: await openCodec({ serializer: "json", maxValueBytes: 2_048, dictionaries }),
    encrypted: await openCodec({ serializer: "json", encryptionKeys: [TEST_KEY], dictionaries }),
    bare: await Promise.all(serializers.map((serializer) => openCodec({ serializer, hasEnvelope: false }))),
    writer: await openCodec({ serializer: "json" }),
  };
}

async function loadingValues(): Promise<readonly Uint8Array[]> {
  const settings = [{ serializer: "msgpack" as const }, ...COMPRESSIONS.map(([, each]) => each)];
  return Promise.all(settings.map(async (each) => (await openCodec(each)).encode({ a: PADDING }, CORPUS_KEY)));
}

/** Encodes values of every kind in every way. The same seed gives the same values. */
export async function createCorpus(seed: number): Promise<CodecCorpus> {
  const clear: Buffer[] = [];
  const encrypted: Buffer[] = [];
  let salt = 0;
  for (const serializer of ["json", "msgpack", "v8", "gob", custom] as const) {
    for (const [, compression] of COMPRESSIONS) {
      for (const keys of [[], [TEST_KEY]]) {
        salt += 1;
        const settings = { serializer, ...compression, encryptionKeys: keys };
        const target = keys.length === 0 ? clear : encrypted;
        target.push(...(await encodeSome(settings, seed + salt)));
      }
    }
  }
  return { clear, encrypted, payloads: payloadsOf(clear) };
}

async function encodeSome(settings: Partial<CodecSettings>, seed: number): Promise<readonly Buffer[]> {
  const codec = await openCodec(settings);
  const values = fc.sample(settings.serializer === "gob" ? gobValue : codecValue, {
    numRuns: VALUES_PER_COMBINATION,
    seed,
  });
  const envelopes: Buffer[] = [];
  for (const [index, value] of values.entries()) {
    const metadata = { version: 2 ** 40 + index, freshUntil: index, tags: [{ tag: "t\ud800", version: 300 }] };
    const padded = index % 3 === 0 ? { [PADDING]: value } : value;
    if (padded === undefined) continue;
    try {
      envelopes.push(Buffer.from(await codec.encode(padded, CORPUS_KEY, index % 2 === 0 ? metadata : undefined)));
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
    }
  }
  return envelopes.filter(({ length }) => length < MAX_BYTES);
}

function payloadsOf(envelopes: readonly Buffer[]): ReadonlyMap<number, readonly Buffer[]> {
  const payloads = new Map<number, Buffer[]>(Object.values(PAYLOAD_KINDS).map((kind) => [kind, [Buffer.alloc(0)]]));
  for (const bytes of envelopes) {
    if (bytes[0] !== ENVELOPE_MAGIC) continue;
    const { kind, headBytes, hasMetadata, compression } = readHead(bytes);
    if (hasMetadata || compression !== undefined) continue;
    payloads.get(kind)?.push(bytes.subarray(headBytes + CHECK_BYTES));
  }
  return payloads;
}
