import { copyOfCopy, structuredCopy } from "../entry/structured-copy.ts";
import { SerializationError } from "../foundation/errors.ts";
import { deepFreeze, isFreezable } from "./deep-freeze.ts";

/**
 * How the store keeps its values apart from the caller's.
 *
 * | mode | on the way in | on the way out | cost of a hit |
 * |---|---|---|---|
 * | `false` | the same object | the same object | none |
 * | `true` | a copy | a copy | O(size) |
 * | `"freeze"` | frozen in place, deeply | the same, frozen | none |
 *
 * With `"freeze"` the caller's own object becomes immutable when the write is accepted; a refused one leaves it as it was. Only plain
 * objects and arrays without accessors are protected by freezing. A value with any other part (`Map`, `Set`, `Date`, `RegExp`,
 * buffers, getters) is kept as with `true`; one with a part that cannot be copied either (a function, `URL`, an instance of a class)
 * is refused.
 */
export type CopyMode = false | true | "freeze";

/** Turns values into what the store keeps, and back. */
export interface Isolation {
  /**
   * What would be kept for a value. Changes nothing yet: {@link Isolation.seal} follows when the write is accepted.
   *
   * @throws SerializationError `GCX_SERIALIZATION_VALUE` naming the path of the offending part
   */
  keep(value: unknown): unknown;
  /**
   * Closes to its owner what is about to be kept. Runs no code of the value.
   *
   * @throws SerializationError when the value was changed since `keep` into one that would have been refused
   */
  seal(kept: unknown): void;
  /** What a reader gets for what is kept. */
  reveal(kept: unknown): unknown;
  /** What a reader would get for a value, without keeping it. `undefined`: the value itself. */
  readonly isolate: ((value: unknown) => unknown) | undefined;
}

/** With `"freeze"`: a private copy that must be copied again for every reader. */
class PrivateCopy {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

const nothing = (): void => undefined;
const itself = (value: unknown): unknown => value;

const BY_REFERENCE: Isolation = { keep: itself, seal: nothing, reveal: itself, isolate: undefined };
const BY_COPY: Isolation = { keep: structuredCopy, seal: nothing, reveal: copyOfCopy, isolate: structuredCopy };
const BY_FREEZING: Isolation = {
  keep: (value) => (isFreezable(value) ? value : new PrivateCopy(structuredCopy(value))),
  seal(kept) {
    if (kept instanceof PrivateCopy || deepFreeze(kept)) return;
    // Only the getter of another value of the same transaction can have done this.
    throw new SerializationError("$", "The value was changed while it was being written. Write it again.");
  },
  reveal: (kept) => (kept instanceof PrivateCopy ? copyOfCopy(kept.value) : kept),
  isolate: (value) => (deepFreeze(value) ? value : structuredCopy(value)),
};

/** The isolation of a mode. */
export function createIsolation(mode: CopyMode): Isolation {
  if (mode === false) return BY_REFERENCE;
  return mode === true ? BY_COPY : BY_FREEZING;
}
