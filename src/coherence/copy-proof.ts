import type { ProvableCopy } from "./provable-copy.ts";
import type { RevalidatedCopy } from "./used-copies.ts";

/** What a copy takes along of the moment in which it was read. */
export type CopyProof = ProvableCopy & Pick<RevalidatedCopy, "life">;
