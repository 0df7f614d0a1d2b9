import {
  BackendError,
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
} from "../../foundation/errors.ts";

/** Marks that were just written are gone again, and again. Nothing was written. */
export function lostMarks(name: string, operation: string): BackendError {
  const message = `${name}: "${operation}" was given up: the server loses what was just written to it. It is out of memory; raise its -m.`;
  return new BackendError("GCX_BACKEND_FAILED", name, operation, message);
}

/** The server made no item for a lease, as it does when it may not evict and is full. */
export function noRoom(name: string): BackendError {
  const message = `${name}: the server has no room for a lease. Raise its -m, or let it evict (no -M).`;
  return new BackendError("GCX_BACKEND_FAILED", name, "load", message);
}

/** An entry was written, and what tells whether it counts could not be read. */
export function unverifiedWrite(name: string, operation: string, cause: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError(name, operation, { cause });
}

/** Whether an error says that the server cannot be used now: whoever waits behind the one that got it would get the same. */
export function isServerSilent(error: unknown): boolean {
  return (
    error instanceof BackendTimeoutError ||
    error instanceof BackendUnavailableError ||
    error instanceof BackendOverloadedError
  );
}
