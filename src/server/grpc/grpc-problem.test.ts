import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../foundation/error-codes.ts";
import {
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  CacheClosedError,
  CounterError,
  EntryTooLargeError,
  GocachexError,
  InvalidArgumentError,
  LockLostError,
  LockNotAcquiredError,
  OutcomeUnknownError,
  PartialFailureError,
  SerializationError,
  TransactionConflictError,
  UnreadableValueError,
  UnsupportedOperationError,
} from "../../foundation/errors.ts";
import { MalformedFrameError } from "../../transports/grpc/wire/protobuf-reader.ts";
import { HttpProblem } from "../problem.ts";
import { failureOf, GrpcProblem } from "./grpc-problem.ts";

describe("how an error is answered over gRPC", () => {
  it.each([
    ["INVALID_ARGUMENT", 3, new InvalidArgumentError("GCX_ARGUMENT_KEY", "key", "No key.")],
    ["INVALID_ARGUMENT", 3, new EntryTooLargeError(10, 5)],
    ["FAILED_PRECONDITION", 9, new CounterError("GCX_COUNTER_TYPE", "No integer.")],
    ["OUT_OF_RANGE", 11, new CounterError("GCX_COUNTER_RANGE", "Too large.")],
    ["ABORTED", 10, new TransactionConflictError("update", 3)],
    ["ABORTED", 10, new LockNotAcquiredError(5)],
    ["FAILED_PRECONDITION", 9, new LockLostError("extend")],
    ["FAILED_PRECONDITION", 9, new SerializationError("$", "A cycle.")],
    ["DATA_LOSS", 15, new UnreadableValueError("damaged", "its check differs")],
    ["UNIMPLEMENTED", 12, new UnsupportedOperationError("keys", "It cannot list.")],
    ["RESOURCE_EXHAUSTED", 8, new BackendOverloadedError("redis", "get", "Full.")],
    ["UNAVAILABLE", 14, new BackendUnavailableError("redis", "get", "Down.")],
    ["UNAVAILABLE", 14, new CacheClosedError()],
    ["DEADLINE_EXCEEDED", 4, new BackendTimeoutError("redis", "get", 100)],
    ["UNKNOWN", 2, new OutcomeUnknownError("redis", "set")],
    ["INTERNAL", 13, new PartialFailureError("sharded", "set", 1, [])],
    ["ABORTED", 10, new GrpcProblem(10, "Not now.")],
  ])("%s (%i): %o", (_, status, error) => {
    const { code, message } = error;
    expect(failureOf(error)).toEqual({ status, code, details: message, isDefect: false });
  });

  it("as RESOURCE_EXHAUSTED where a shared part says 503", () => {
    expect(failureOf(new HttpProblem(503, "Full."))).toMatchObject({ status: 8, code: "GCX_NODE_REQUEST" });
  });

  it("as INVALID_ARGUMENT with what is wrong where bytes are no message", () => {
    expect(failureOf(new MalformedFrameError("it ends within a number"))).toMatchObject({
      status: 3,
      details: "The request is no message of this method: it ends within a number.",
    });
  });

  it("never with the message of a defect", () => {
    for (const error of [new Error("secret"), new GocachexError("GCX_LOADER_FAILED", "secret"), "secret", undefined]) {
      const failure = failureOf(error);
      expect(failure).toMatchObject({ status: 13, code: "GCX_NODE_INTERNAL", isDefect: true });
      expect(failure.details).not.toContain("secret");
    }
  });

  it("with UNAVAILABLE, which clients send again, only where nothing was changed", () => {
    const unavailable = Object.keys(ERROR_CODES).filter(
      (code) => failureOf(new GocachexError(code as keyof typeof ERROR_CODES, "")).status === 14,
    );
    expect(unavailable.sort()).toEqual(["GCX_BACKEND_UNAVAILABLE", "GCX_CACHE_CLOSED"]);
  });
});
