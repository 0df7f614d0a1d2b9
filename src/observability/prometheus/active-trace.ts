import type { TraceOrigin, TracerSlot } from "../../events/call-tracer.ts";

/** What is used of `@opentelemetry/api`. */
export interface TraceApi {
  readonly trace: {
    getActiveSpan(): { spanContext(): SpanContext } | undefined;
  };
}

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** The bit of a span's flags that says that it is recorded (W3C trace context). */
const SAMPLED_FLAG = 1;

/** Loads the API where the application has it; whoever has it not has no traces, so that is no error. */
export async function loadTraceApi(): Promise<TraceApi | undefined> {
  try {
    return (await import("@opentelemetry/api")) as unknown as TraceApi;
  } catch {
    return undefined;
  }
}

/** The active span, if it is recorded: an exemplar that leads to a trace which nobody kept is worse than none. */
export function findActiveTrace({ trace }: TraceApi): TraceOrigin | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || (context.traceFlags & SAMPLED_FLAG) === 0) return undefined;
  return { traceId: context.traceId, spanId: context.spanId };
}

/** Who wants traces with durations, by cache: two that count the same cache share one finder. */
const wishes = new WeakMap<TracerSlot, Set<() => boolean>>();

/**
 * From now on the calls of a cache are told of with the traces of their callers, while `isWanted` says so.
 *
 * @returns a function that ends it
 */
export function findTracesFor(slot: TracerSlot, api: TraceApi, isWanted: () => boolean): () => void {
  const wanted = wishes.get(slot) ?? new Set();
  wishes.set(slot, wanted);
  wanted.add(isWanted);
  slot.findOrigin ??= () => (isAnyWanted(wanted) ? findActiveTrace(api) : undefined);
  return () => {
    wanted.delete(isWanted);
    if (wanted.size === 0) slot.findOrigin = undefined;
  };
}

/** Asked with every call to a store, so without an array. */
function isAnyWanted(wanted: ReadonlySet<() => boolean>): boolean {
  for (const isWanted of wanted) if (isWanted()) return true;
  return false;
}
