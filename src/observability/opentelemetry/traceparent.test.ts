import { expect, it } from "vitest";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

it("a span is told and read back, sampled or not", () => {
  for (const traceFlags of [0, 1]) {
    const text = formatTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags });
    expect(text).toBe(`00-${TRACE}-${SPAN}-0${traceFlags}`);
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  }
});

it("flags that are not known here are not taken over", () => {
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.traceFlags).toBe(0);
});

it("a version to come is read as far as it is known, also when it says more", () => {
  for (const text of [`01-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-more`, `01-${TRACE}-${SPAN}-01-`]) {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
  }
});

it.each([
  "",
  "x",
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-1`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-01-`,
  `ff-${TRACE}-${SPAN}-01-more`,
  `01-${TRACE}-${SPAN}-01more`,
  `01-${TRACE}-${SPAN}-01-ä`,
  `01-${TRACE}-${SPAN}-01-\n`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  `01-${TRACE}-${SPAN}-01, 01-${TRACE}-${SPAN}-01`,
])("what is no span is none: %j", (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
