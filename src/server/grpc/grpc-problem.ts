import type { ErrorCode } from "../../foundation/error-codes.ts";
import { GocachexError, NodeError } from "../../foundation/errors.ts";
import { MalformedFrameError } from "../../transports/grpc/wire/protobuf-reader.ts";
import { HttpProblem } from "../problem.ts";
import { GRPC_STATUS, type GrpcStatus } from "./grpc-status.ts";

/** A call that is refused by the node itself. */
export class GrpcProblem extends NodeError {
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus, detail: string) {
    super("GCX_NODE_REQUEST", detail);
    this.status = status;
  }
}

/** What a failed call is answered with. */
export interface GrpcFailure {
  readonly status: GrpcStatus;
  /** The library's code, for the trailer `gocachex-code`. */
  readonly code: ErrorCode;
  /** What is wrong and what to do. Holds no keys, values or credentials. */
  readonly details: string;
  /** Whether it is a defect, to be told to `onError`. */
  readonly isDefect: boolean;
}

/**
 * The status of errors that the cache throws. `UNAVAILABLE` is only for what surely changed nothing, since clients send such calls again by
 * themselves. What is not listed is a defect: `INTERNAL`.
 */
const STATUS_OF_CODE: Partial<Record<ErrorCode, GrpcStatus>> = {
  GCX_ARGUMENT_KEY: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_VALUE: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_TTL: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_TAG: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_NAMESPACE: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_OPTION: GRPC_STATUS.invalidArgument,
  GCX_ARGUMENT_COUNTER: GRPC_STATUS.invalidArgument,
  GCX_ENTRY_TOO_LARGE: GRPC_STATUS.invalidArgument,
  GCX_COUNTER_TYPE: GRPC_STATUS.failedPrecondition,
  GCX_COUNTER_RANGE: GRPC_STATUS.outOfRange,
  GCX_TRANSACTION_CONFLICT: GRPC_STATUS.aborted,
  GCX_LOCK_NOT_ACQUIRED: GRPC_STATUS.aborted,
  GCX_LOCK_LOST: GRPC_STATUS.failedPrecondition,
  GCX_SERIALIZATION_VALUE: GRPC_STATUS.failedPrecondition,
  GCX_SERIALIZATION_UNREADABLE: GRPC_STATUS.dataLoss,
  GCX_OPERATION_UNSUPPORTED: GRPC_STATUS.unimplemented,
  GCX_BACKEND_OVERLOADED: GRPC_STATUS.resourceExhausted,
  GCX_BACKEND_UNAVAILABLE: GRPC_STATUS.unavailable,
  GCX_CACHE_CLOSED: GRPC_STATUS.unavailable,
  GCX_BACKEND_TIMEOUT: GRPC_STATUS.deadlineExceeded,
  GCX_BACKEND_OUTCOME_UNKNOWN: GRPC_STATUS.unknown,
  GCX_BACKEND_FAILED: GRPC_STATUS.internal,
  GCX_BACKEND_PARTIAL: GRPC_STATUS.internal,
};

/** What parts that the HTTP API shares refuse with. */
const STATUS_OF_HTTP: Readonly<Record<number, GrpcStatus>> = {
  400: GRPC_STATUS.invalidArgument,
  503: GRPC_STATUS.resourceExhausted,
};

/** Says how an error is answered. The message of a defect, which may hold anything, stays here. */
export function failureOf(error: unknown): GrpcFailure {
  if (error instanceof GrpcProblem) return failure(error.status, error.code, error.message);
  if (error instanceof MalformedFrameError) {
    const words = `The request is no message of this method: ${error.what}.`;
    return failure(GRPC_STATUS.invalidArgument, "GCX_NODE_REQUEST", words);
  }
  if (error instanceof HttpProblem) {
    return failure(STATUS_OF_HTTP[error.status] ?? GRPC_STATUS.unknown, error.code, error.message);
  }
  if (error instanceof GocachexError) {
    const status = STATUS_OF_CODE[error.code];
    if (status !== undefined) return failure(status, error.code, error.message);
  }
  const details = "The node failed to answer. Its warnings on stderr have the cause.";
  return { status: GRPC_STATUS.internal, code: "GCX_NODE_INTERNAL", details, isDefect: true };
}

function failure(status: GrpcStatus, code: ErrorCode, details: string): GrpcFailure {
  return { status, code, details, isDefect: false };
}
