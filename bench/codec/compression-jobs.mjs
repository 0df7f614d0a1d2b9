// Compressed texts: the codec against the compressor's own functions on the same text.
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import * as lz4 from "lz4-napi";
import * as snappy from "snappy";
import { importEngine } from "../engine.mjs";
import { codecCandidate } from "./codec-candidates.mjs";
import { makeJsonText } from "./codec-values.mjs";
import { compareCodecs } from "./compare-codecs.mjs";

const VALUE_COUNT = 4;
const RECORD_COUNT = 64;
const RECORD_BYTES = 192;
const TRAINING_RECORD_COUNT = 4_000;
/** @type {Record<string, number>} */
const TEXT_BYTES = { "1 KB": 1_024, "10 KB": 10_240, "100 KB": 102_400 };

/**
 * @typedef {object} BareCompressor
 * @property {(bytes: Buffer) => Uint8Array | Promise<Uint8Array>} compress
 * @property {(bytes: Buffer) => Uint8Array | Promise<Uint8Array>} decompress
 *
 * @typedef {{ compress: boolean, decompress: boolean }} InThreads which calls the codec makes in the thread pool; the bare ones are then made there as well
 */

/**
 * The functions as one would call them, at the codec's levels.
 *
 * @type {Record<string, (inThreads: InThreads, dictionary?: Buffer) => Promise<BareCompressor>>}
 */
const bareCompressors = {
  gzip: async (inThreads, dictionary) =>
    dictionary === undefined
      ? platformCalls(inThreads, "gzip", "gunzip", { level: 6 }, {})
      : platformCalls(inThreads, "deflateRaw", "inflateRaw", { level: 6, dictionary }, { dictionary }),
  brotli: async (inThreads) =>
    platformCalls(
      inThreads,
      "brotliCompress",
      "brotliDecompress",
      { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } },
      {},
    ),
  zstd: async (inThreads, dictionary) => {
    const shared = dictionary === undefined ? {} : { dictionary };
    // Before Node 22.15, by the package.
    if ("zstdCompressSync" in zlib) return platformCalls(inThreads, "zstdCompress", "zstdDecompress", shared, shared);
    const { Encoder, Decoder } = (await import("@toondepauw/node-zstd")).default;
    const encoder = new Encoder(3, dictionary);
    const decoder = new Decoder(dictionary);
    return {
      compress: (bytes) => (inThreads.compress ? encoder.encode(bytes) : encoder.encodeSync(bytes)),
      decompress: (bytes) => (inThreads.decompress ? decoder.decode(bytes) : decoder.decodeSync(bytes)),
    };
  },
  lz4: async (inThreads) => ({
    compress: inThreads.compress ? lz4.compress : lz4.compressSync,
    decompress: inThreads.decompress ? lz4.uncompress : lz4.uncompressSync,
  }),
  snappy: async (inThreads) => ({
    compress: inThreads.compress ? snappy.compress : snappy.compressSync,
    decompress: /** @type {any} */ (inThreads.decompress ? snappy.uncompress : snappy.uncompressSync),
  }),
};

/**
 * @param {InThreads} inThreads
 * @param {string} compress name of a function of `node:zlib` without its Sync
 * @param {string} decompress
 * @param {object} compressOptions
 * @param {object} decompressOptions
 * @returns {BareCompressor}
 */
function platformCalls(inThreads, compress, decompress, compressOptions, decompressOptions) {
  const call = (/** @type {string} */ name, /** @type {boolean} */ isInThread) =>
    isInThread ? promisify(/** @type {any} */ (zlib)[name]) : /** @type {Record<string, any>} */ (zlib)[`${name}Sync`];
  const compressWith = call(compress, inThreads.compress);
  const decompressWith = call(decompress, inThreads.decompress);
  return {
    compress: (bytes) => compressWith(bytes, compressOptions),
    decompress: (bytes) => decompressWith(bytes, decompressOptions),
  };
}

/** @param {import("../scenarios/codec.mjs").CodecJob} job */
export async function compareCompression(job) {
  const [algorithm = "", size = ""] = job.subject.split(", ");
  const texts = Array.from({ length: VALUE_COUNT }, (_, seed) => makeJsonText(TEXT_BYTES[size] ?? 0, seed + 1));
  return compare(algorithm, texts, job);
}

/** @param {import("../scenarios/codec.mjs").CodecJob} job */
export async function compareDictionaries(job) {
  const [algorithm = ""] = job.subject.split(", ");
  const { trainDictionary } = await importEngine("training");
  const recordOf = (/** @type {number} */ seed) => makeJsonText(2 * RECORD_BYTES, seed).slice(1, RECORD_BYTES + 1);
  const samples = Array.from({ length: TRAINING_RECORD_COUNT }, (_, seed) => Buffer.from(recordOf(seed + 1_000)));
  const records = Array.from({ length: RECORD_COUNT }, (_, seed) => recordOf(seed + 1));
  return compare(algorithm, records, job, trainDictionary(samples));
}

/**
 * @param {string} algorithm
 * @param {string[]} texts
 * @param {import("../scenarios/codec.mjs").CodecJob} job
 * @param {any} [dictionary]
 */
async function compare(algorithm, texts, job, dictionary) {
  const [sample = ""] = texts;
  const compression = { algorithm, level: undefined, thresholdBytes: 0 };
  const plain = await codecCandidate({ compression }, sample, { id: "codec" });
  const codec =
    dictionary === undefined ? plain : await codecCandidate({ compression, dictionaries: [dictionary] }, sample);
  const encoded = codec.use["codec"].encode(sample, codec.use["key"]);
  const inThreads = {
    compress: encoded instanceof Promise,
    decompress: codec.use["codec"].decode(await encoded, codec.use["key"]) instanceof Promise,
  };
  const makeBare = bareCompressors[algorithm];
  if (makeBare === undefined) throw new Error(`Unknown algorithm ${algorithm}.`);
  const content = algorithm === "gzip" ? dictionary?.content : dictionary?.bytes;
  const { compress, decompress } = await makeBare(inThreads, content === undefined ? undefined : Buffer.from(content));
  const textOf = async (/** @type {Promise<Buffer>} */ bytes) => (await bytes).toString();
  const bare = {
    id: "bare",
    use: { compress, decompress, textOf },
    encode: "compress(Buffer.from(v))",
    decode: inThreads.decompress ? "textOf(decompress(b))" : "decompress(b).toString()",
    isAwaited: codec.isAwaited === true,
  };
  const withoutDictionary = dictionary === undefined ? [] : [{ ...plain, id: "without the dictionary" }];
  const comparison = await compareCodecs([codec, bare, ...withoutDictionary], texts, job, ["encode", "decode"]);
  return { ...comparison, textBytes: Buffer.byteLength(sample), inThreads };
}
