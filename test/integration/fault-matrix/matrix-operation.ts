import type { Cache } from "../../../src/cache/cache.ts";
import type { CellOutcome } from "./cell-outcome.ts";

/** Where an operation runs. */
export interface OperationPlace {
  /** The cache that meets the fault. */
  readonly cache: Cache;
  /** Its view for this cell alone. */
  readonly view: Cache;
  /** Keys of this cell alone, on the servers that the fault concerns, together on one of them. */
  readonly keys: readonly [string, string, string];
  /** What `prepare` returned. */
  readonly prepared: unknown;
}

/** An operation of the public API as the matrix tries it. */
export interface MatrixOperation {
  readonly name: string;
  /** Decides which outcomes are allowed. */
  readonly kind: "read" | "write" | "load" | "health" | "close";
  /** How many answers of the store it waits for, one after the other, at most: each may take its own deadline. */
  readonly stepCount: number;
  /** Brings about what the operation needs, through a healthy cache. The result comes back as `prepared`. */
  prepare(view: Cache, keys: OperationPlace["keys"]): Promise<unknown>;
  /** Runs it. @returns what became of it. @throws what the API throws, or an `Error` when the result is wrong */
  run(place: OperationPlace): Promise<CellOutcome>;
  /**
   * After the fault: whether the store is as the outcome says.
   *
   * @param happened what must be: `true`, `false`, or `undefined` when both may
   * @throws Error when it is not
   */
  verify?(place: OperationPlace, happened: boolean | undefined): Promise<void>;
}

/** A result that is wrong, whatever the fault: worse than any error. */
export class WrongResultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WrongResultError";
  }
}

/** @throws WrongResultError when a result is not the one expected */
export function assertResult(what: string, actual: unknown, expected: unknown): void {
  if (Object.is(actual, expected)) return;
  throw new WrongResultError(`${what} is ${String(actual)}, expected ${String(expected)}`);
}

/** @throws WrongResultError when a state is neither `before` (nothing happened) nor `after`, or is the wrong one of them */
export function assertState(
  what: string,
  actual: unknown,
  happened: boolean | undefined,
  states: { readonly before: unknown; readonly after: unknown },
): void {
  if (happened !== false && Object.is(actual, states.after)) return;
  if (happened !== true && Object.is(actual, states.before)) return;
  const expected = happened === undefined ? "either" : happened ? "happened" : "not happened";
  throw new WrongResultError(
    `${what} is ${String(actual)}; ${expected}: ${String(states.before)} before, ${String(states.after)} after`,
  );
}
