// What speaks for a serializer as the default: the same order through all of them, rich (dates, a map, a set, a bigint) and as JSON has it.
import { parse, stringify } from "devalue";
import superjson from "superjson";
import { codecCandidate } from "./codec-candidates.mjs";
import { makePlainValue, makeRichValue } from "./codec-values.mjs";
import { compareCodecs } from "./compare-codecs.mjs";

const VALUE_COUNT = 32;

/** @param {import("../scenarios/codec.mjs").CodecJob} job */
export async function compareDefaults(job) {
  const isRich = job.subject === "rich";
  const values = Array.from({ length: VALUE_COUNT }, (_, seed) => (isRich ? makeRichValue : makePlainValue)(seed + 1));
  const plainOf = new Map(values.map((value, index) => [value, makePlainValue(index + 1)]));
  const codecs = await Promise.all(
    ["json", "msgpack", "v8", "gob"].map((serializer) => codecCandidate({ serializer }, 0, { id: serializer })),
  );
  const [json, ...others] = codecs.filter(({ id }) => !isRich || id !== "gob");
  const candidates = [
    json,
    // What a program without tags does: the plain form of the same order.
    {
      id: "JSON of the plain form",
      use: { plainOf },
      encode: "Buffer.from(JSON.stringify(plainOf.get(v)))",
      decode: "JSON.parse(b.toString())",
      expected: (/** @type {any} */ value) => plainOf.get(value),
    },
    ...others,
    {
      id: "superjson",
      use: { superjson },
      encode: "Buffer.from(superjson.stringify(v))",
      decode: "superjson.parse(b.toString())",
    },
    { id: "devalue", use: { parse, stringify }, encode: "Buffer.from(stringify(v))", decode: "parse(b.toString())" },
  ];
  return compareCodecs(/** @type {import("./compare-codecs.mjs").Candidate[]} */ (candidates), values, job);
}
