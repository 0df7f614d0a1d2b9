import {
  BackendError,
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  CacheClosedError,
  OutcomeUnknownError,
  UnsupportedOperationError,
} from "../../../src/foundation/errors.ts";

/**
 * What became of an operation under a fault.
 *
 * - `done`: it did what it does without the fault, with the right result.
 * - `loaded`: `getOrSet` answered with its loader's value.
 * - `unavailable`, `overloaded`: nothing was sent, so nothing happened.
 * - `timeout`: a read without an answer in time.
 * - `unknown`: a write that may or may not have happened.
 * - `refused`: the server answered with an error; its words are the cause.
 * - `unsupported`: the store cannot do it, fault or not.
 * - `up`, `degraded`, `down`: what `health()` says.
 * - `closed`: `close()` resolved.
 */
export type CellOutcome =
  | "done"
  | "loaded"
  | "unavailable"
  | "overloaded"
  | "timeout"
  | "unknown"
  | "refused"
  | "unsupported"
  | "up"
  | "degraded"
  | "down"
  | "closed";

/** How long an operation took, coarsely, so that the page is the same on every machine. */
export type CellTime = "at once" | "in time" | "at the deadline";

/** What was seen in one cell of the matrix. */
export interface CellResult {
  readonly outcome: CellOutcome;
  readonly elapsedMs: number;
  /** The error, for the test's message. */
  readonly error?: unknown;
}

/**
 * The outcome that an error is.
 *
 * @throws the error itself when it is none that a caller was promised
 */
export function classifyError(error: unknown): CellOutcome {
  if (error instanceof UnsupportedOperationError) return "unsupported";
  if (error instanceof BackendOverloadedError) return "overloaded";
  if (error instanceof BackendUnavailableError) return "unavailable";
  if (error instanceof BackendTimeoutError) return "timeout";
  if (error instanceof OutcomeUnknownError) return "unknown";
  if (error instanceof CacheClosedError) return "closed";
  if (error instanceof BackendError) return "refused";
  throw error;
}

/**
 * Outcomes that mean the same to a caller who only asks what it has to be ready for. Which failure of a group it is depends on the moment at
 * which the fault meets the call, so a run may see another than the page shows.
 */
export function groupOf(outcome: CellOutcome): "right" | "failed" | "refused" | "unsupported" | "unwell" {
  switch (outcome) {
    case "unavailable":
    case "overloaded":
    case "timeout":
    case "unknown":
      return "failed";
    case "refused":
    case "unsupported":
      return outcome;
    case "degraded":
    case "down":
      return "unwell";
    default:
      return "right";
  }
}

/** Whether the store can have changed after an outcome; `undefined` when nobody can know. */
export function hasHappened(outcome: CellOutcome): boolean | undefined {
  switch (outcome) {
    case "done":
    case "loaded":
      return true;
    case "unknown":
      return undefined;
    default:
      return false;
  }
}

/** @param deadlineMs the store's deadline for one step */
export function classifyTime(elapsedMs: number, deadlineMs: number): CellTime {
  if (elapsedMs < deadlineMs / 2) return "at once";
  return elapsedMs < deadlineMs * 0.9 ? "in time" : "at the deadline";
}
