/** What must be known of a copy to say whether it may be served. */
export interface ProvableCopy {
  readonly shard: number;
  /** Every change of the shard up to this version is in the copy. */
  readonly head: number;
  /** Every invalidation of tags up to this number is; {@link NO_TAGS} for a copy without tags. */
  readonly tagHead: number;
  /** Which life of the shard's data it belongs to: `FreshnessTable.generationOf` when it was read. */
  readonly generation: number;
  /** Monotonic instant at which its read was sent, in ms. */
  readonly readAtMs: number;
  /** The table's own note: the ages of its shard and of the tags in which it was found to be above the floor. Begins as {@link UNKNOWN_AGE}. */
  age: number;
  tagAge: number;
}

/** What a copy begins with: the table has not looked at it yet. */
export const UNKNOWN_AGE = -1;

/** `tagAge` of a copy that no invalidation of tags concerns, once the table has looked: a small number, where `tagHead` is one in a box of its own that a hit would have to open. */
export const NO_TAG_AGE = -2;

/** `tagHead` of a copy that no invalidation of tags concerns. */
export const NO_TAGS: number = Number.POSITIVE_INFINITY;
