import { createTraceState } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { fromCarried, toCarried } from "./carried-context.ts";

const SPAN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
const TRACEPARENT = `00-${SPAN.traceId}-${SPAN.spanId}-01`;
const api = { createTraceState };

function stateOf(traceparent: string, tracestate: string | undefined): string | undefined {
  return fromCarried(api, { traceparent, tracestate })?.traceState?.serialize();
}

it("a span and its state are carried and read back", () => {
  const traceState = createTraceState("vendor=a b,t1@v2=x");
  const carried = toCarried({ ...SPAN, traceState });
  expect(carried).toEqual({ traceparent: TRACEPARENT, tracestate: "vendor=a b,t1@v2=x" });
  expect(fromCarried(api, carried)).toMatchObject({ ...SPAN, isRemote: true });
  expect(stateOf(carried.traceparent, carried.tracestate)).toBe("vendor=a b,t1@v2=x");
});

it("a span without a state is carried without one", () => {
  expect(toCarried(SPAN)).toEqual({ traceparent: TRACEPARENT });
  expect(toCarried({ ...SPAN, traceState: createTraceState("") })).toEqual({ traceparent: TRACEPARENT });
  expect(fromCarried(api, { traceparent: TRACEPARENT })).toEqual({ ...SPAN, isRemote: true });
  expect(fromCarried(api, undefined)).toBeUndefined();
});

it("a state is read only beside a span that makes sense, and alone left out where it makes none", () => {
  expect(fromCarried(api, { traceparent: "00-0-0-01", tracestate: "a=1" })).toBeUndefined();
  for (const nonsense of ["", "=", "a", "A=1", `a=${"x".repeat(511)}`]) {
    expect(fromCarried(api, { traceparent: TRACEPARENT, tracestate: nonsense })).toEqual({ ...SPAN, isRemote: true });
  }
  expect(stateOf(TRACEPARENT, "a=1,,B=2, c=3 ")).toBe("a=1,c=3");
});

it("a state of a sampler's own making stays behind where it throws or is too long", () => {
  const broken = {
    serialize: (): never => {
      throw new Error("broken");
    },
  };
  const long = { serialize: (): string => `a=${"x".repeat(511)}` };
  for (const traceState of [broken, long])
    expect(toCarried({ ...SPAN, traceState })).toEqual({ traceparent: TRACEPARENT });
});
