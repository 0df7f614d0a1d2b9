import { deepFreeze } from "./deep-freeze.ts";
import { structuredCopy } from "./structured-copy.ts";

/**
 * How the store keeps its values apart from the caller's.
 *
 * | mode | on the way in | on the way out | cost of a hit |
 * |---|---|---|---|
 * | `false` | the same object | the same object | none |
 * | `true` | a copy | a copy | O(size) |
 * | `"freeze"` | frozen in place, deeply | the same, frozen | none |
 *
 * With `"freeze"` the caller's own object becomes immutable. A value with a part that freezing cannot protect (`Map`, `Set`,
 * `Date`, `RegExp`, buffers) is kept as with `true`; one with a part that cannot be copied either (a function) is refused.
 */
export type CopyMode = false | true | "freeze";

/** Turns values into what the store keeps, and back. */
export interface Isolation {
  /**
   * What is kept for a value. Throws before anything is kept.
   *
   * @throws SerializationError `GCX_SERIALIZATION_VALUE` naming the path of the offending part
   */
  keep(value: unknown): unknown;
  /** What a reader gets for what is kept. */
  reveal(kept: unknown): unknown;
}

/** With `"freeze"`: a private copy that must be copied again for every reader. */
class PrivateCopy {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

const BY_REFERENCE: Isolation = { keep: (value) => value, reveal: (kept) => kept };
const BY_COPY: Isolation = { keep: structuredCopy, reveal: structuredCopy };
const BY_FREEZING: Isolation = {
  keep: (value) => (deepFreeze(value) ? value : new PrivateCopy(structuredCopy(value))),
  reveal: (kept) => (kept instanceof PrivateCopy ? structuredCopy(kept.value) : kept),
};

/** The isolation of a mode. */
export function createIsolation(mode: CopyMode): Isolation {
  if (mode === false) return BY_REFERENCE;
  return mode === true ? BY_COPY : BY_FREEZING;
}
