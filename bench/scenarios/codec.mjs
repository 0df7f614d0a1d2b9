import { compareCompression, compareDictionaries } from "../codec/compression-jobs.mjs";
import { compareDefaults } from "../codec/default-jobs.mjs";
import { compareEncryption } from "../codec/encryption-jobs.mjs";
import { comparePlain } from "../codec/plain-jobs.mjs";

/** @type {Record<string, (job: CodecJob) => Promise<import("../codec/compare-codecs.mjs").Comparison>>} */
const programs = {
  codec: comparePlain,
  "codec-compression": compareCompression,
  "codec-dictionary": compareDictionaries,
  "codec-encryption": compareEncryption,
  "codec-defaults": compareDefaults,
};

/** @typedef {{ scenario: string, subject: string, hasOther: boolean, roundCount: number, roundMs: number }} CodecJob */

/**
 * The codec beside what it stands on, one subject.
 *
 * @param {CodecJob} job
 */
export function runCodec(job) {
  const program = programs[job.scenario];
  if (program === undefined) throw new Error(`Unknown scenario ${job.scenario}.`);
  return program(job);
}
