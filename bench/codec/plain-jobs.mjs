// Values without compression and encryption: what the envelope, the check and the look at every part cost.
import { deserialize, serialize } from "node:v8";
import { Packr } from "msgpackr";
import { importEngine } from "../engine.mjs";
import { codecCandidate, otherCandidates } from "./codec-candidates.mjs";
import { makeBytes, makeRecords, makeText } from "./codec-values.mjs";
import { compareCodecs } from "./compare-codecs.mjs";

/** @typedef {import("./compare-codecs.mjs").Candidate} Candidate */

/** Values of a job, cycled. Large ones are fewer, so that they stay in the processor's caches as they would be where they were just made. */
const MANY = 64;
const FEW = 4;
const RECORDS_OF_100_KB = 690;
const LARGE_BYTES = 10_240;

/** As the codec sets msgpackr up. */
const PACKR_OPTIONS = {
  ...{ useRecords: false, mapsAsObjects: true, variableMapSize: true, copyBuffers: true },
  int64AsType: /** @type {"bigint"} */ ("auto"),
};

/** @type {Candidate} */
const bareJson = {
  id: "bare",
  use: {},
  encode: "Buffer.from(JSON.stringify(v))",
  decode: "JSON.parse(b.toString())",
};

/** What the serializers stand on, doing the whole job: value to bytes, bytes to value. @type {Record<string, () => Promise<Candidate>>} */
const bareSerializers = {
  json: async () => bareJson,
  msgpack: async () => ({
    id: "bare",
    use: { packr: new Packr(PACKR_OPTIONS) },
    encode: "packr.pack(v)",
    // As bytes that were just read: msgpackr hangs a view on what it is given, and would find the last one.
    decode: "(b.dataView = undefined, packr.unpack(b))",
  }),
  v8: async () => ({ id: "bare", use: { serialize, deserialize }, encode: "serialize(v)", decode: "deserialize(b)" }),
  // Nothing else in Node writes gob, so it is the codec's own, without the envelope.
  gob: async () => {
    const { createGobSerializer } = await importEngine("bare");
    return {
      id: "bare",
      use: { gob: createGobSerializer(), kind: 10, limits: { maxValueBytes: 2 ** 26, maxDepth: 1_000 } },
      encode: "gob.serialize(v, limits).bytes",
      decode: "gob.deserializeBytes(kind, b, 0, limits)",
    };
  },
};

/** @type {Candidate} */
const bareString = { id: "bare", use: {}, encode: "Buffer.from(v)", decode: "b.toString()" };
/** @type {Candidate} */
const bareBuffer = { id: "bare", use: {}, encode: "Buffer.from(v)", decode: "Buffer.from(b)" };
/** @type {Candidate} */
const jsonString = { ...bareJson, id: "JSON" };
/** @type {readonly Candidate[]} */
const jsonBuffers = [
  { id: "JSON", use: {}, encode: bareJson.encode, decode: "Buffer.from(JSON.parse(b.toString()).data)" },
  {
    id: "JSON of base64",
    use: {},
    encode: 'Buffer.from(JSON.stringify(v.toString("base64")))',
    decode: 'Buffer.from(JSON.parse(b.toString()), "base64")',
  },
];

/** @param {(seed: number) => any} make @param {number} [count] */
const several = (make, count = MANY) => Array.from({ length: count }, (_, seed) => make(seed + 1));

/** @type {Record<string, () => any[]>} */
const values = {
  "small object": () => makeRecords(MANY),
  "50 records": () => several((seed) => makeRecords(50, seed), FEW),
  "100 KB": () => several((seed) => makeRecords(RECORDS_OF_100_KB, seed), FEW),
  "string, 100 B": () => several((seed) => makeText("ascii", 100, seed)),
  "string, 10 KB": () => several((seed) => makeText("ascii", LARGE_BYTES, seed), FEW),
  "string, 10 KB Latin-1": () => several((seed) => makeText("latin1", LARGE_BYTES, seed), FEW),
  "string, 10 KB wide": () => several((seed) => makeText("wide", LARGE_BYTES, seed), FEW),
  "buffer, 100 B": () => several((seed) => makeBytes(100, seed)),
  "buffer, 10 KB": () => several((seed) => makeBytes(LARGE_BYTES, seed), FEW),
};

/** @param {import("../scenarios/codec.mjs").CodecJob} job */
export async function comparePlain(job) {
  const [first = "", second = ""] = job.subject.split(", ");
  if (second === "values of all kinds") return compareKinds(job);
  const bareSerializer = bareSerializers[first];
  const made = (values[job.subject] ?? values[second])?.();
  if (made === undefined) throw new Error(`Unknown subject ${job.subject}.`);
  const settings = bareSerializer === undefined ? {} : { serializer: first };
  const codecs = [await codecCandidate(settings), ...(await otherCandidates(job, settings))];
  const bare = bareSerializer === undefined ? bareValues(first) : [await bareSerializer()];
  return compareCodecs(inOrder(codecs, bare), made, job);
}

/** @param {string} kind */
function bareValues(kind) {
  return kind === "string" ? [bareString, jsonString] : [bareBuffer, ...jsonBuffers];
}

/**
 * The reference comes second.
 *
 * @param {readonly Candidate[]} codecs
 * @param {readonly Candidate[]} bare
 */
function inOrder([codec, ...others], [reference, ...more]) {
  return /** @type {Candidate[]} */ ([codec, reference, ...others, ...more]);
}

/**
 * One codec that has seen everything, as in a program: its code is compiled for all kinds of values at once. Its bare counterpart, which
 * knows beforehand what it reads, chooses by a number.
 *
 * @param {import("../scenarios/codec.mjs").CodecJob} job
 */
async function compareKinds(job) {
  const kinds = [0, 0, 1, 2];
  const records = makeRecords(MANY);
  const mixed = records.map((record, index) => {
    const seed = index + 1;
    if (index % 4 === 2)
      return makeText(index % 8 === 2 ? "ascii" : "wide", index % 16 === 2 ? LARGE_BYTES : 100, seed);
    if (index % 4 === 3) return makeBytes(index % 16 === 3 ? LARGE_BYTES : 100, seed);
    return index % 16 === 0 ? makeRecords(5, seed) : record;
  });
  const bare = {
    id: "bare",
    use: { kinds },
    encode: "kinds[i & 3] === 0 ? Buffer.from(JSON.stringify(v)) : Buffer.from(v)",
    decode: "kinds[i & 3] === 0 ? JSON.parse(b.toString()) : kinds[i & 3] === 1 ? b.toString() : Buffer.from(b)",
  };
  return compareCodecs(inOrder([await codecCandidate({}), ...(await otherCandidates(job, {}))], [bare]), mixed, job);
}
