import { createRandom, drawZipfIds, flatCopy } from "../workload.mjs";

/** What is asked of stores: `c` callers, each of which waits for its answer before it asks again. */
const SIZES = { "100 B": { valueBytes: 100, keyCount: 8_192 }, "10 KB": { valueBytes: 10_240, keyCount: 1_024 } };

/** Distinct values that are written. */
const VALUE_COUNT = 64;
const REQUEST_COUNT = 2 ** 16;
export const BATCH_KEY_COUNT = 100;
const BATCH_COUNT = 64;

/**
 * @typedef {object} RemoteWorkload
 * @property {readonly string[]} stored every key
 * @property {readonly string[]} keys requests, a power of two of them
 * @property {readonly (readonly string[])[]} batches of distinct keys, a power of two of them
 * @property {readonly (Buffer | string)[]} values a power of two of them
 */

/**
 * Keys as programs have them, and bytes that no serializer made: what is compared is the way to the store and back.
 *
 * @param {string} size
 * @param {object} client
 * @param {string} client.prefix of its keys: clients mark what they store in ways of their own
 * @param {boolean} client.isText its values are ASCII
 * @returns {RemoteWorkload}
 */
export function makeRemoteWorkload(size, { prefix, isText }) {
  const about = SIZES[/** @type {keyof typeof SIZES} */ (size)];
  if (about === undefined) throw new Error(`Unknown size ${size}.`);
  const random = createRandom(11);
  const stored = Array.from({ length: about.keyCount }, (_, id) => flatCopy(`${prefix}:user:profile:${100_000 + id}`));
  const keyOf = (/** @type {number} */ id) => stored[id] ?? "";
  return {
    stored,
    keys: Array.from(drawZipfIds({ drawCount: REQUEST_COUNT, universe: about.keyCount }), keyOf),
    batches: Array.from({ length: BATCH_COUNT }, () => {
      const first = Math.floor(random() * about.keyCount);
      return Array.from({ length: BATCH_KEY_COUNT }, (_, index) => keyOf((first + index * 7) % about.keyCount));
    }),
    // Any byte, so that a client which takes values for text is found out.
    values: Array.from({ length: VALUE_COUNT }, () => {
      const bytes = Buffer.from(Uint8Array.from({ length: about.valueBytes }, () => random() * (isText ? 95 : 256)));
      return isText ? bytes.map((byte) => byte + 32).toString("latin1") : bytes;
    }),
  };
}
