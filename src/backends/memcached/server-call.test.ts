import { describe, expect, it } from "vitest";
import { isAbandoned, readOptions, ServerCall, writeOptions } from "./server-call.ts";

/** A context that makes its signal when somebody asks, which nobody should without need. */
const askable = (abandoned: boolean) => ({
  isAbandoned: abandoned,
  get signal(): AbortSignal {
    throw new Error("A signal was made.");
  },
});

describe("how the requests of a call are made", () => {
  it("is shared by all calls that nobody can leave", () => {
    expect(readOptions("get", {})).toBe(readOptions("get", { isValueEnough: true }));
    expect(writeOptions("set", {})).toBe(new ServerCall("set", {}).write);
    expect(readOptions("get", {})).toMatchObject({ operation: "get", kind: "read" });
    expect(writeOptions("get", {})).toMatchObject({ operation: "get", kind: "write" });
    expect(readOptions("getMulti", {}).operation).toBe("getMulti");
  });

  it("has the signal of a context that has nothing else", () => {
    const { signal } = new AbortController();
    const call = new ServerCall("get", { signal });
    for (const options of [call.read, call.write, call.writeOver(7)]) expect(options.signal).toBe(signal);
    expect(call.writeOver(7)).toMatchObject({ kind: "write", connection: 7 });
  });

  it("asks a context that can tell, and not for its signal", () => {
    for (const abandoned of [false, true]) {
      const context = askable(abandoned);
      const call = new ServerCall("get", context);
      for (const options of [call.read, call.write, call.writeOver(1)]) {
        expect(options.signal).toBeUndefined();
        expect(options.caller).toBe(context);
      }
      expect(isAbandoned(context)).toBe(abandoned);
    }
    expect(isAbandoned({})).toBe(false);
    expect(isAbandoned({ signal: AbortSignal.abort() })).toBe(true);
  });
});
