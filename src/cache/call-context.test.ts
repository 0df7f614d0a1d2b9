import { describe, expect, it } from "vitest";
import { CallContext } from "./call-context.ts";

describe("what a store is told with a call", () => {
  it("has a signal that is aborted when nobody waits any more, whenever it is asked for", () => {
    const early = new CallContext(false);
    const { signal } = early;
    expect([signal.aborted, early.isAbandoned]).toEqual([false, false]);
    const reason = new Error("gave up");
    early.abandon(reason);
    early.abandon(new Error("again"));
    expect([signal.aborted, signal.reason, early.isAbandoned]).toEqual([true, reason, true]);
    const late = new CallContext(true);
    late.abandon(reason);
    expect([late.signal.aborted, late.signal.reason, late.isValueEnough]).toEqual([true, reason, true]);
  });
});
