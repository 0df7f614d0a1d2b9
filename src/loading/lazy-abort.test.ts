import { expect, it } from "vitest";
import { LazyAbort } from "./lazy-abort.ts";

it("hands out one signal, which is aborted with the first reason", () => {
  const abort = new LazyAbort();
  const { signal } = abort;
  expect([signal.aborted, abort.signal === signal]).toEqual([false, true]);
  abort.abort("first");
  abort.abort("second");
  expect([signal.aborted, signal.reason]).toEqual([true, "first"]);
});

it("hands out an aborted signal to who looks after the end", () => {
  const abort = new LazyAbort();
  abort.abort("first");
  abort.abort("second");
  expect([abort.signal.aborted, abort.signal.reason]).toEqual([true, "first"]);
});

it("does not take no reason for no abort", () => {
  const abort = new LazyAbort();
  abort.abort(undefined);
  expect(abort.signal.aborted).toBe(true);
});
