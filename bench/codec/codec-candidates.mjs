import { importEngine, OTHER_BUNDLE_VARIABLE } from "../engine.mjs";

/** What values are stored under. */
const STORED_KEY = "@shop:user:profile:123456";

/** What `maxValueSize` is by default. */
const MAX_VALUE_BYTES = 64 * 2 ** 20;

/**
 * @param {any} engine the exports of a bundle
 * @param {Record<string, any>} settings of the codec; those of an empty configuration but for what is given
 */
export async function openCodec({ createCodec, systemClock, systemScheduler }, settings) {
  const codec = createCodec(
    {
      ...{ serializer: "json", hasEnvelope: true, compression: undefined, dictionaries: [], encryptionKeys: [] },
      maxValueBytes: MAX_VALUE_BYTES,
      ...settings,
    },
    { clock: systemClock, scheduler: systemScheduler },
  );
  await codec.load();
  return codec;
}

/**
 * The codec as a candidate.
 *
 * @param {Record<string, any>} settings
 * @param {any} [sample] a value; when the codec answers with a promise for it, it is awaited
 * @param {{ id?: string, engine?: any }} [about]
 * @returns {Promise<import("./compare-codecs.mjs").Candidate>}
 */
export async function codecCandidate(settings, sample = 0, { id = "codec", engine } = {}) {
  const codec = await openCodec(engine ?? (await importEngine("codec")), settings);
  const encoded = codec.encode(sample, STORED_KEY);
  const decoded = codec.decode(await encoded, STORED_KEY);
  await decoded;
  const isAwaited = encoded instanceof Promise || decoded instanceof Promise;
  const readValue = async (/** @type {any} */ answer) => (await answer).value;
  return {
    id,
    use: { codec, key: STORED_KEY, ...(isAwaited ? { readValue } : {}) },
    encode: "codec.encode(v, key)",
    decode: isAwaited ? "readValue(codec.decode(b, key))" : "codec.decode(b, key).value",
    isAwaited,
  };
}

/**
 * The codec of the tree that `--against` named, when one was.
 *
 * @param {{ hasOther: boolean }} job
 * @param {Record<string, any>} settings
 * @param {any} [sample]
 */
export async function otherCandidates({ hasOther }, settings, sample) {
  if (!hasOther) return [];
  const engine = await importEngine("other", OTHER_BUNDLE_VARIABLE);
  return [await codecCandidate(settings, sample, { id: "other codec", engine })];
}
