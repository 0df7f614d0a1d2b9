import type { CounterRequest } from "../backend/counter.ts";
import { CounterError } from "../foundation/errors.ts";

/** Where a counter goes: its new integer and how it is stored. */
export interface CounterMove {
  readonly result: bigint;
  /** A number within ±(2^53 − 1), else a bigint. */
  readonly stored: number | bigint;
}

/**
 * Decides a counter's move.
 *
 * @param current the live value, `undefined` when the key is absent
 * @throws CounterError `GCX_COUNTER_TYPE` when the value is no integer, `GCX_COUNTER_RANGE` when the result is outside
 */
export function moveCounter(current: unknown, request: CounterRequest): CounterMove {
  const result = (current === undefined ? request.initial : toInteger(current)) + request.delta;
  assertInRange(result, request);
  const isSafe = result >= BigInt(Number.MIN_SAFE_INTEGER) && result <= BigInt(Number.MAX_SAFE_INTEGER);
  return { result, stored: isSafe ? Number(result) : result };
}

/**
 * Refuses a result outside the range that was asked for.
 *
 * @throws CounterError `GCX_COUNTER_RANGE`
 */
export function assertInRange(result: bigint, request: CounterRequest): void {
  if (result >= request.minimum && result <= request.maximum) return;
  throw new CounterError(
    "GCX_COUNTER_RANGE",
    "increment: the result would leave the range it was asked in. Pass a bigint delta for results beyond 2^53.",
  );
}

function toInteger(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  const given = typeof value === "number" ? "a number that is no safe integer" : value === null ? "null" : typeof value;
  throw new CounterError(
    "GCX_COUNTER_TYPE",
    `increment: the key holds ${given}, not an integer. Delete it or use another key.`,
  );
}
