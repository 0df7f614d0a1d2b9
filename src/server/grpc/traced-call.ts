import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { RequestSpan, TracedRequest } from "../../events/request-span.ts";
import type { GrpcFailure } from "./grpc-problem.ts";
import type { GrpcApiMetadata, GrpcServerCall } from "./grpc-server-library.ts";
import { GRPC_STATUS, type GrpcStatus } from "./grpc-status.ts";

/** How a call ended: `"left"`: its caller had gone. */
export type CallEnd = "ok" | "left" | Pick<GrpcFailure, "status" | "code">;

/** Statuses that are failures of who answers; the others are the caller's. */
const SERVER_FAULTS: ReadonlySet<GrpcStatus> = new Set([
  GRPC_STATUS.unknown,
  GRPC_STATUS.deadlineExceeded,
  GRPC_STATUS.unimplemented,
  GRPC_STATUS.internal,
  GRPC_STATUS.unavailable,
  GRPC_STATUS.dataLoss,
]);

/** Words of statuses as the conventions have them, for example `"DEADLINE_EXCEEDED"`. */
const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(GRPC_STATUS).map(([name, status]) => [
    status,
    name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  ]),
);

/**
 * A call as a request that is traced, with the trace of its metadata.
 *
 * @param method with its service, for example `"gocachex.v1.Cache/Get"`
 * @param beginsTrace false for what watches a node all the time
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
export function describeCall(method: string, beginsTrace: boolean, { metadata }: GrpcServerCall): TracedRequest {
  return {
    name: method,
    attributes: { "rpc.system.name": "grpc", "rpc.method": method },
    carried: carriedBy(metadata),
    beginsTrace,
  };
}

/** Ends the span of a call. */
export function endCall(span: RequestSpan, end: CallEnd): void {
  const status = end === "ok" ? "OK" : end === "left" ? "CANCELLED" : (WORDS.get(end.status) as string);
  const isFault = typeof end === "object" && SERVER_FAULTS.has(end.status);
  span.end({ "rpc.response.status_code": status }, isFault ? end.code : undefined);
}

/** Joined, several `traceparent` are none that makes sense, and several `tracestate` are one. */
function carriedBy(metadata: GrpcApiMetadata): CarriedTrace | undefined {
  const traceparent = metadata.get("traceparent").join(",");
  return traceparent === "" ? undefined : { traceparent, tracestate: metadata.get("tracestate").join(",") };
}
