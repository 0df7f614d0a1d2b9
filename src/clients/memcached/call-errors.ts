import {
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
} from "../../foundation/errors.ts";
import type { MemcachedCallOptions } from "./memcached-client.ts";

/** Who fails, for messages. */
export interface CallSubject {
  /** Name of the store. */
  readonly name: string;
  readonly address: string;
  readonly timeoutMs: number;
}

/** Nothing was sent, because there is no connection. */
export function unavailable(
  subject: CallSubject,
  operation: string,
  why: string,
  cause?: unknown,
): BackendUnavailableError {
  const message = `${subject.name}: "${operation}" cannot reach ${subject.address}: ${why}`;
  return new BackendUnavailableError(subject.name, operation, message, cause === undefined ? undefined : { cause });
}

/** Nothing was sent, because too much waits. */
export function overloaded(subject: CallSubject, operation: string, why: string): BackendOverloadedError {
  const message = `${subject.name}: "${operation}" was not sent to ${subject.address}: ${why}`;
  return new BackendOverloadedError(subject.name, operation, message);
}

/** It was sent, and no answer came in time. */
export function unanswered(subject: CallSubject, options: MemcachedCallOptions): Error {
  if (options.kind === "read") return new BackendTimeoutError(subject.name, options.operation, subject.timeoutMs);
  return new OutcomeUnknownError(subject.name, options.operation);
}

/** It was sent, and its connection is gone. */
export function interrupted(subject: CallSubject, options: MemcachedCallOptions, cause: unknown): Error {
  if (options.kind === "read") return unavailable(subject, options.operation, "the connection was lost.", cause);
  return new OutcomeUnknownError(subject.name, options.operation, { cause });
}
