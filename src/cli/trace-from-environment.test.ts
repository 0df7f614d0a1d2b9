import { expect, it } from "vitest";
import { traceFromEnvironment } from "./trace-from-environment.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

it("a command is a part of the trace of its environment", () => {
  expect(traceFromEnvironment({ env: { TRACEPARENT } })).toEqual({ traceparent: TRACEPARENT });
  const full = { TRACEPARENT, TRACESTATE: "vendor=1" };
  expect(traceFromEnvironment({ env: full })).toEqual({ traceparent: TRACEPARENT, tracestate: "vendor=1" });
});

it.each([{}, { TRACEPARENT: "" }, { TRACEPARENT: "00-x\r\nX-Evil: 1" }, { TRACESTATE: "vendor=1" }])(
  "an environment without a trace that makes sense has none: %j",
  (env) => {
    expect(traceFromEnvironment({ env })).toBeUndefined();
  },
);

it.each(["", "a=1\r\nX-Evil: 1", "ä=1", `a=${"x".repeat(511)}`])(
  "a state that no header could hold is left out alone: %j",
  (TRACESTATE) => {
    expect(traceFromEnvironment({ env: { TRACEPARENT, TRACESTATE } })).toEqual({ traceparent: TRACEPARENT });
  },
);

it("what comes after a version to come cannot break a header either", () => {
  expect(
    traceFromEnvironment({ env: { TRACEPARENT: `${TRACEPARENT.replace("00", "01")}-\r\nX-Evil: 1` } }),
  ).toBeUndefined();
});
