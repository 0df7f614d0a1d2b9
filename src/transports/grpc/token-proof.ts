import { createHmac, timingSafeEqual } from "node:crypto";

/** Name of the header that carries a proof. */
export const PROOF_HEADER = "gocachex-proof-bin";

/**
 * What who dials shows: `HMAC-SHA-256(token, "gocachex.coherence.v1 dial\n" + its node id)`. The token itself never leaves a node.
 */
export function dialProof(token: string, dialerId: string): Buffer {
  return createHmac("sha256", token).update(`gocachex.coherence.v1 dial\n${dialerId}`).digest();
}

/**
 * What who accepts shows: `HMAC-SHA-256(token, "gocachex.coherence.v1 accept\n" + its node id + "\n" + the dialer's)`. It cannot be made from the dialer's proof, so
 * who listens at a node's address without knowing the token is found out.
 */
export function acceptProof(token: string, accepterId: string, dialerId: string): Buffer {
  return createHmac("sha256", token).update(`gocachex.coherence.v1 accept\n${accepterId}\n${dialerId}`).digest();
}

/** Whether a proof is the expected one, in the same time wherever they differ. */
export function isSameProof(expected: Buffer, shown: unknown): boolean {
  return Buffer.isBuffer(shown) && shown.length === expected.length && timingSafeEqual(expected, shown);
}
