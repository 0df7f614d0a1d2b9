import { describe, expect, it } from "vitest";
import { renewalDelayMs } from "./renewal-delay.ts";

describe("credentials that end", () => {
  it.each([
    ["in an hour are replaced a minute before", 3_600_000, 3_540_000],
    ["in a minute are replaced a fifth of their time before", 60_000, 48_000],
    ["at once are not asked for without a pause", 100, 250],
    ["before they came are not asked for without a pause", -5_000, 250],
  ])("%s", (_, leftMs, delayMs) => {
    expect(renewalDelayMs(leftMs)).toBe(delayMs);
  });
});
