import { expect, it } from "vitest";
import { LabelledCounts } from "./labelled-tallies.ts";

it("labels stay few: what comes after the first 64 shares one", () => {
  const counts = new LabelledCounts();
  for (let label = 0; label < 1_000; label += 1) counts.add(`operation-${label}`);
  counts.add("operation-0", 4);
  const entries = [...counts.entries()];
  expect(entries.length).toBe(65);
  expect(counts.at("operation-0").value).toBe(5);
  expect(counts.at("other").value).toBe(936);
  expect(entries.reduce((sum, [, { value }]) => sum + value, 0)).toBe(1_004);
});
