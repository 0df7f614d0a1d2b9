import { InvalidArgumentError } from "../foundation/errors.ts";
import { weighEntry } from "./weigher.ts";

/**
 * A weigher of the caller's own: what an entry counts against the store's size bound, in bytes or any other unit that the bound is
 * given in. Zero or more and finite; a fraction is rounded up. What it returns is the entry's whole weight: nothing is added
 * for the key, the tags or the store's own records.
 *
 * It runs on every write, before anything changes, and must answer at once and the same for the same value.
 */
export type Weigher = (value: unknown, key: string) => number;

/** Weighs an entry: stored key, value, number of tags; whole, and zero or more. */
export type EntryWeigher = (key: string, value: unknown, tagCount: number) => number;

/**
 * The weigher that a store uses: the caller's, with its answers checked, or without one the estimate of `weighEntry`.
 *
 * The returned function throws what the caller's throws, and for an answer that is no weight an error with code
 * `GCX_ARGUMENT_OPTION`: for a negative number, `NaN`, one above 2^53 - 1, or anything but a number, a promise among them. Both are errors of the
 * write, which then has changed nothing.
 *
 * @param weigher the caller's; `undefined` for the estimate
 * @param userKeyOf turns a stored key into the key that the caller knows; without one they are taken to be the same
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` when it is neither a function nor `undefined`
 */
export function resolveWeigher(
  weigher: Weigher | undefined,
  userKeyOf: (storedKey: string) => string = (storedKey) => storedKey,
): EntryWeigher {
  if (weigher === undefined) return weighEntry;
  if (typeof weigher !== "function") {
    throw invalid(`memory.weigher is ${describe(weigher)}. Pass a function (value, key) => bytes, or leave it out.`);
  }
  return (key, value) => assertWeight(weigher(value, userKeyOf(key)));
}

function assertWeight(weight: unknown): number {
  // Rounded up, so that whatever weighs something counts, and sums of weights stay exact.
  const whole = typeof weight === "number" ? Math.ceil(weight) : Number.NaN;
  // Adding zero makes zero of minus zero, which -0.5 is rounded up to; so the sign is asked of the answer.
  if (Number.isSafeInteger(whole) && (weight as number) >= 0) return whole + 0;
  throw invalid(
    `memory.weigher returned ${describe(weight)} for an entry. Return a finite number of bytes, zero or more.`,
  );
}

/** Never a value that is a text or an object: it may be a secret. */
function describe(what: unknown): string {
  if (typeof what === "number") return String(what);
  if (what === null) return "null";
  return what === undefined ? "undefined" : `a value of type ${typeof what}`;
}

function invalid(message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_OPTION", "weigher", message);
}
