import { describe, expect, it } from "vitest";
import { exptimeSeconds } from "./exptime.ts";

const NOW_MS = 1_796_000_000_400;
const DAY_MS = 86_400_000;

describe("the server's TTL", () => {
  it.each([
    ["never is 0", Number.POSITIVE_INFINITY, 0],
    ["a whole second more than what was asked, for the first may be almost over", 1_000, 2],
    ["rounded up", 1_000.25, 3],
    ["two seconds at least", 1, 2],
    ["two seconds for what is over", -5_000, 2],
    ["relative up to 30 days", 30 * DAY_MS - 1_000, 2_592_000],
    ["absolute above", 30 * DAY_MS, 1_796_000_000 + 2_592_000 + 1 + 1],
    ["never beyond the server's numbers, which end in 2038", 20 * 365 * DAY_MS, 0],
  ])("is %s", (_, ttlMs, seconds) => {
    expect(exptimeSeconds(ttlMs, NOW_MS)).toBe(seconds);
  });
});
