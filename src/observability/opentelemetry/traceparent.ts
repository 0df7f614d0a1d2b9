import type { OtelSpanContext } from "./otel-api.ts";

/** Version 00; those that come begin with these four parts, and may have more after another dash. */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/;
/** Means "no trace" and "no span". */
const ZEROS = /^0+$/;

/**
 * A span as another process is told of it.
 *
 * ```text
 * 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 * version      trace id                    span id     flags, bit 0: sampled
 * ```
 *
 * Source: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function formatTraceparent({ traceId, spanId, traceFlags }: OtelSpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 255).toString(16).padStart(2, "0")}`;
}

/** The span that another process told of; `undefined` when the text is none. */
export function parseTraceparent(text: string): OtelSpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] = FORM.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
