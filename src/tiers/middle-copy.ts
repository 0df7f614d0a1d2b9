import type { StoredCopy } from "../coherence/stored-proofs.ts";

/** A copy of an entry of the shared store as it lies in a middle tier: what its reader needs to prove it, and its value as bytes. */
export interface MiddleCopy extends StoredCopy {
  /** When the entry is over by the shared store's wall clock, in ms since the epoch; infinity: never. */
  readonly serverEndAt: number;
  /** The value, as the tier's codec wrote it. */
  readonly payload: Uint8Array;
}
