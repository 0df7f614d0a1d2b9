import {
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  CacheClosedError,
  GocachexError,
  OutcomeUnknownError,
} from "../foundation/errors.ts";

/** How a call to a store ended, as metrics and traces name it. A closed, short list: it becomes a label. */
export type CallOutcome =
  /** The store answered; what it said (a hit, a miss, a refusal) is another matter. */
  | "ok"
  /** The store failed, or refused what it was asked. */
  | "error"
  /** The store could not be reached. */
  | "unavailable"
  /** No answer before the deadline; nothing was changed. */
  | "timeout"
  /** No answer to a write before the deadline, or a lost one: it may have happened. */
  | "unknown"
  /** It was not sent, for too many calls waited. */
  | "overloaded"
  /** The caller left. */
  | "aborted";

/** Every outcome. */
export const CALL_OUTCOMES: readonly CallOutcome[] = [
  "ok",
  "error",
  "unavailable",
  "timeout",
  "unknown",
  "overloaded",
  "aborted",
];

/** The outcome of a call that failed. What is no error of the family is the caller's own abort reason. */
export function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof OutcomeUnknownError) return "unknown";
  if (error instanceof BackendTimeoutError) return "timeout";
  if (error instanceof BackendOverloadedError) return "overloaded";
  if (error instanceof BackendUnavailableError) return "unavailable";
  if (error instanceof CacheClosedError || !(error instanceof GocachexError)) return "aborted";
  return "error";
}
