import { expect, it } from "vitest";
import { SlowestCalls } from "./slowest-calls.ts";

it("keeps the slowest calls, slowest first, until they are too old", () => {
  const slowest = new SlowestCalls<{ at: number; durationMs: number }>(3, 1_000);
  for (const [at, durationMs] of [
    [0, 5],
    [100, 1],
    [200, 9],
    [300, 7],
    [400, 2],
  ] as const) {
    if (slowest.wants(durationMs)) slowest.add({ at, durationMs });
  }
  expect(slowest.list().map(({ durationMs }) => durationMs)).toEqual([9, 7, 5]);
  expect(slowest.wants(4)).toBe(false);
  slowest.expire(1_100);
  expect(slowest.list().map(({ durationMs }) => durationMs)).toEqual([9, 7]);
  expect(slowest.wants(4)).toBe(true);
});
