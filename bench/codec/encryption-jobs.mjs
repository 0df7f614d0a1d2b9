// Encrypted bytes against a bare AES-256-GCM of node:crypto that does as much: header, random nonce of 12 bytes, associated data, ciphertext and
// tag in one array.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { importEngine } from "../engine.mjs";
import { codecCandidate, otherCandidates } from "./codec-candidates.mjs";
import { makeBytes } from "./codec-values.mjs";
import { compareCodecs } from "./compare-codecs.mjs";

/** @type {Record<string, number>} */
const CONTENT_BYTES = { "100 B": 100, "1 KB": 1_024, "10 KB": 10_240, "100 KB": 102_400, "1 MB": 1_048_576 };
const VALUE_COUNT = 4;
const HEADER_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What the codec binds a value to besides its bytes. */
const ASSOCIATED_BYTES = 32;
const RING_OVERHEAD_BYTES = 44;

/** @param {import("../scenarios/codec.mjs").CodecJob} job */
export async function compareEncryption(job) {
  const byteCount = CONTENT_BYTES[job.subject];
  if (byteCount === undefined) throw new Error(`Unknown size ${job.subject}.`);
  const values = Array.from({ length: VALUE_COUNT }, (_, seed) => makeBytes(byteCount, seed + 1));
  const key = randomBytes(32);
  const settings = { encryptionKeys: [key] };
  const candidates = [
    await codecCandidate(settings, values[0]),
    bareCandidate("bare", key),
    ...(await otherCandidates(job, settings, values[0])),
    bareCandidate("bare, KeyObject", createSecretKey(key)),
    await ringCandidate(key),
  ];
  return { ...(await compareCodecs(candidates, values, job, ["encode", "decode"])), textBytes: byteCount };
}

/**
 * The codec's key ring without the codec.
 *
 * @param {Buffer} key
 * @returns {Promise<import("./compare-codecs.mjs").Candidate>}
 */
async function ringCandidate(key) {
  const { createKeyRing, systemClock } = await importEngine("ring");
  const ring = createKeyRing([key], systemClock);
  const header = Buffer.alloc(HEADER_BYTES, 7);
  const seal = (/** @type {Buffer} */ content) => {
    const target = Buffer.allocUnsafe(HEADER_BYTES + RING_OVERHEAD_BYTES + content.length);
    target.set(header);
    ring.seal(target, HEADER_BYTES, content, "user:1");
    return target;
  };
  const open = (/** @type {Buffer} */ sealed) => ring.open(sealed, HEADER_BYTES, "user:1");
  return { id: "key ring alone", use: { seal, open }, encode: "seal(v)", decode: "open(b)" };
}

/**
 * @param {string} id
 * @param {import("node:crypto").CipherKey} key
 * @returns {import("./compare-codecs.mjs").Candidate}
 */
function bareCandidate(id, key) {
  const header = Buffer.alloc(HEADER_BYTES, 7);
  const associated = Buffer.alloc(ASSOCIATED_BYTES, 1);
  const contentAt = HEADER_BYTES + NONCE_BYTES;
  const seal = (/** @type {Buffer} */ content) => {
    const target = Buffer.allocUnsafe(contentAt + content.length + TAG_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    target.set(header);
    target.set(nonce, HEADER_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated);
    target.set(cipher.update(content), contentAt);
    cipher.final();
    target.set(cipher.getAuthTag(), target.length - TAG_BYTES);
    return target;
  };
  const open = (/** @type {Buffer} */ sealed) => {
    const nonce = sealed.subarray(HEADER_BYTES, contentAt);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const content = decipher.update(sealed.subarray(contentAt, sealed.length - TAG_BYTES));
    decipher.final();
    return content;
  };
  return { id, use: { seal, open }, encode: "seal(v)", decode: "open(b)" };
}
