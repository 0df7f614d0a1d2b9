import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isThenable } from "./is-thenable.ts";

/** An object or function with a property `then`. */
function withThen(then: unknown, owner: object = {}): unknown {
  // biome-ignore lint/suspicious/noThenProperty: a promise that is no Promise is the point.
  return Object.defineProperty(owner, "then", { value: then });
}

describe("isThenable", () => {
  it.each<[string, unknown]>([
    ["a promise", Promise.resolve()],
    ["one of another realm", runInNewContext("Promise.resolve()")],
    ["an object with a then", withThen(() => undefined)],
    [
      "a function with one",
      withThen(
        () => undefined,
        () => undefined,
      ),
    ],
  ])("takes %s for one", (_, value) => {
    expect(isThenable(value)).toBe(true);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 0],
    ["a text", "then"],
    ["an object", {}],
    ["a then that cannot be called", withThen(true)],
    ["a function", () => undefined],
  ])("does not take %s for one", (_, value) => {
    expect(isThenable(value)).toBe(false);
  });
});
