import { type ServerResponse, STATUS_CODES } from "node:http";
import type { ErrorCode } from "../foundation/error-codes.ts";
import { GocachexError, NodeError } from "../foundation/errors.ts";
import { sendBody } from "./respond.ts";

/** The body of every error answer: RFC 9457 problem details with the library's error code. */
export interface ProblemDetails {
  /** Names the kind of problem, as `urn:gocachex:error:<code>`. */
  readonly type: string;
  /** The HTTP status in words. */
  readonly title: string;
  readonly status: number;
  /** What is wrong and what to do. Holds no values and no credentials. */
  readonly detail: string;
  readonly code: ErrorCode;
}

/** A request that is answered with an error status. Thrown by routes, turned into {@link ProblemDetails} in one place. */
export class HttpProblem extends NodeError {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Additional headers of the answer, for example `Allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super("GCX_NODE_REQUEST", detail);
    this.status = status;
    this.headers = headers;
  }
}

/** HTTP status of errors that the cache itself throws. What is not listed is a defect or unknown: 500. */
const STATUS_OF_CODE: Partial<Record<ErrorCode, number>> = {
  GCX_ARGUMENT_KEY: 400,
  GCX_ARGUMENT_VALUE: 400,
  GCX_ARGUMENT_TTL: 400,
  GCX_ARGUMENT_TAG: 400,
  GCX_ARGUMENT_NAMESPACE: 400,
  GCX_ARGUMENT_OPTION: 400,
  GCX_ARGUMENT_COUNTER: 400,
  GCX_COUNTER_TYPE: 409,
  GCX_COUNTER_RANGE: 409,
  GCX_TRANSACTION_CONFLICT: 409,
  GCX_LOCK_NOT_ACQUIRED: 409,
  GCX_LOCK_LOST: 409,
  GCX_ENTRY_TOO_LARGE: 413,
  GCX_SERIALIZATION_VALUE: 422,
  GCX_OPERATION_UNSUPPORTED: 501,
  GCX_DEPENDENCY_MISSING: 501,
  GCX_BACKEND_FAILED: 502,
  GCX_BACKEND_PARTIAL: 502,
  GCX_SERIALIZATION_UNREADABLE: 502,
  GCX_BACKEND_OVERLOADED: 503,
  GCX_BACKEND_UNAVAILABLE: 503,
  GCX_CACHE_CLOSED: 503,
  GCX_BACKEND_TIMEOUT: 504,
  GCX_BACKEND_OUTCOME_UNKNOWN: 504,
};

/** Builds problem details. */
export function problemDetails(status: number, code: ErrorCode, detail: string): ProblemDetails {
  return { type: `urn:gocachex:error:${code}`, title: STATUS_CODES[status] ?? "Error", status, detail, code };
}

/**
 * The problem that an error is answered with. An error without a known status is answered as 500 without its message,
 * which may hold anything; the node's `onError` gets the error itself.
 */
export function problemOf(error: unknown): ProblemDetails {
  if (error instanceof HttpProblem) return problemDetails(error.status, error.code, error.message);
  if (error instanceof GocachexError) {
    const status = STATUS_OF_CODE[error.code];
    if (status !== undefined) return problemDetails(status, error.code, error.message);
  }
  return problemDetails(500, "GCX_NODE_INTERNAL", "The node failed to answer. Its warnings on stderr have the cause.");
}

/** What a caller that may simply try again is told. */
const RETRY_LATER: Readonly<Record<string, string>> = { "Retry-After": "1" };

/** Answers with an error, unless an answer has begun: then the connection is cut, so that nobody takes half for whole. */
export function sendProblem(response: ServerResponse, error: unknown): ProblemDetails {
  const details = problemOf(error);
  if (response.headersSent) {
    response.destroy();
    return details;
  }
  // What an application has said of the body that it did not send.
  for (const name of response.getHeaderNames()) {
    if (name.startsWith("content-")) response.removeHeader(name);
  }
  const headers = headersOfError(error);
  sendBody(
    response,
    details.status,
    "application/problem+json",
    JSON.stringify(details),
    Object.entries(headers).flat(),
  );
  return details;
}

function headersOfError(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof HttpProblem) return error.headers;
  return error instanceof GocachexError && error.code === "GCX_BACKEND_OVERLOADED" ? RETRY_LATER : {};
}
