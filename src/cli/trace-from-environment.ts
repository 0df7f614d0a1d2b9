import type { CarriedTrace } from "../events/carried-trace.ts";
import { parseTraceparent } from "../observability/opentelemetry/traceparent.ts";
import type { CliIo } from "./cli-io.ts";

/** What a header may hold, as long as a state is carried. */
const STATE_FORM = /^[\x20-\x7e]{1,512}$/;

/**
 * The trace that a command is a part of: that of `TRACEPARENT` and `TRACESTATE`, which tools that trace scripts set. What makes no sense counts as none.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function traceFromEnvironment({ env }: Pick<CliIo, "env">): CarriedTrace | undefined {
  const traceparent = env["TRACEPARENT"] ?? "";
  const tracestate = env["TRACESTATE"] ?? "";
  if (parseTraceparent(traceparent) === undefined) return undefined;
  return STATE_FORM.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}
