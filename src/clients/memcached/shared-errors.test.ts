import { expect, it } from "vitest";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { SharedErrors } from "./shared-errors.ts";

it("gives calls that fail alike in one turn one error, and others another", () => {
  const time = createFakeTime();
  const errors = new SharedErrors(time.scheduler);
  let madeCount = 0;
  const make = (): Error => new Error(`number ${++madeCount}`);
  const first = errors.for("late", { operation: "get", kind: "read" }, make);
  expect(errors.for("late", { operation: "get", kind: "read" }, make)).toBe(first);
  const others = [
    errors.for("late", { operation: "get", kind: "write" }, make),
    errors.for("late", { operation: "gets", kind: "read" }, make),
    errors.for("lost", { operation: "get", kind: "read" }, make),
  ];
  expect(new Set([first, ...others]).size).toBe(4);
  time.advance(0);
  expect(errors.for("late", { operation: "get", kind: "read" }, make)).not.toBe(first);
  expect(madeCount).toBe(5);
  time.advance(0);
  expect(time.pendingCount()).toBe(0);
});
