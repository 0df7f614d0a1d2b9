import { AssertionError } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

/** How much of a value a message shows. */
const SHOWN_ITEM_COUNT = 20;
const SHOWN_STRING_LENGTH = 200;
const SHOWN_LENGTH = 1_000;

/** What cases assert with; the names and meanings of `node:assert/strict`. */
export interface BoundedAssert {
  /** Asserts that a value is truthy. */
  ok(value: unknown, message: string): asserts value;
  /** Asserts that two values are the same, as `Object.is` has it. */
  equal<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  /** Asserts that two values are equal in every part, as `assert.deepStrictEqual` has it. */
  deepEqual<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  /** Asserts that a call fails with something that `check` accepts; `check` throws when it does not. */
  rejects(call: () => Promise<unknown>, check: (error: unknown) => void): Promise<void>;
  /** Fails. */
  fail(message: string): never;
}

/**
 * Assertions that cost little also when they fail over large values. `node:assert` compares the printed forms of both values
 * line by line to show their difference, also under a message of one's own, and from Node 22 on that takes memory in
 * the square of their length: a store that answers 300,000 bytes where nothing was expected cost 11 GB instead of a
 * failed case. Here values are compared as they are, and a message shows their beginnings.
 */
export const assert: BoundedAssert = {
  ok(value, message) {
    if (!value) fail(message);
  },
  equal(actual, expected, message) {
    if (!Object.is(actual, expected)) failDifferent(actual, expected, message);
  },
  deepEqual(actual, expected, message) {
    if (!isDeepStrictEqual(actual, expected)) failDifferent(actual, expected, message);
  },
  async rejects(call, check) {
    let answer: unknown;
    try {
      answer = await call();
    } catch (error) {
      check(error);
      return;
    }
    fail(`expected a rejection, got ${shown(answer)}`);
  },
  fail,
};

function fail(message: string): never {
  throw new AssertionError({ message, stackStartFn: fail });
}

/** The values go into the error as short texts: runners print and compare what they find there. */
function failDifferent(actual: unknown, expected: unknown, message: string | undefined): never {
  const [actualText, expectedText] = [shown(actual), shown(expected)];
  throw new AssertionError({
    message: `${message === undefined ? "" : `${message}: `}expected ${expectedText}, got ${actualText}`,
    actual: actualText,
    expected: expectedText,
    stackStartFn: failDifferent,
  });
}

function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 4,
    maxArrayLength: SHOWN_ITEM_COUNT,
    maxStringLength: SHOWN_STRING_LENGTH,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
