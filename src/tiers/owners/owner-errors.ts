import {
  BackendError,
  BackendTimeoutError,
  BackendUnavailableError,
  CounterError,
  EntryTooLargeError,
  OutcomeUnknownError,
} from "../../foundation/errors.ts";
import type { OwnerReply } from "./owner-letter.ts";
import { isChange, type OwnerRequest } from "./owner-request.ts";

/** What the owner's store threw. */
export function toOwnerError(
  name: string,
  { op }: OwnerRequest,
  { code, message, sizes }: Extract<OwnerReply, { readonly kind: "failed" }>,
): Error {
  if (code === "GCX_COUNTER_TYPE" || code === "GCX_COUNTER_RANGE") return new CounterError(code, message);
  if (code === "GCX_ENTRY_TOO_LARGE") return memoryTooSmall(sizes[0] ?? 0, sizes[1] ?? 0);
  return new BackendError("GCX_BACKEND_FAILED", name, op, `${name}: "${op}" failed at the owner: ${message}`);
}

/** It was sent, and there is no answer: for a change nobody knows whether it was made. */
export function lostOnTheWay(name: string, request: OwnerRequest, timeoutMs: number): Error {
  if (isChange(request)) return new OutcomeUnknownError(name, request.op);
  return new BackendTimeoutError(name, request.op, timeoutMs);
}

/** No owner could act in time, so nothing was done. `waitMs`: after which one may, if that is known. */
export function timedOut(name: string, request: OwnerRequest, waitMs = 0): Error {
  const why = "no node could act as the owner of the key in time, for nodes came or went";
  const rest = Math.ceil(waitMs);
  return unavailable(name, request, rest > LONG_MS ? `${why}; one can in ${rest} ms, so a longer deadline helps` : why);
}

/** It was certainly not done. */
export function unavailable(name: string, { op }: OwnerRequest, why: string): Error {
  return new BackendUnavailableError(name, op, `${name}: "${op}" was not done: ${why}.`);
}

/** The owner would take it; it cannot be sent there. */
export function letterTooLarge(sizeBytes: number, limitBytes: number): EntryTooLargeError {
  return new EntryTooLargeError(sizeBytes, limitBytes, {
    of: "one message between the nodes may carry",
    remedy: "Turn on compression, split the value over several keys, or use backend redis.",
  });
}

function memoryTooSmall(sizeBytes: number, limitBytes: number): EntryTooLargeError {
  return new EntryTooLargeError(sizeBytes, limitBytes, {
    of: "the owner of the key may hold in all, four fifths of its memory.maxSize",
    remedy: "Raise memory.maxSize on every node, turn on compression, or store less.",
  });
}

/** A wait that is worth a word, in ms. */
const LONG_MS = 100;
