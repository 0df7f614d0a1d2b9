import { describe, expect, it } from "vitest";
import { TagTable } from "./tag-table.ts";

describe("TagTable", () => {
  it("refuses loads that began before an invalidation and accepts those after it", () => {
    const table = new TagTable();
    table.invalidate("t", 10);
    expect(table.isUnchangedSince(["t"], 9)).toBe(false);
    expect(table.isUnchangedSince(["t"], 10)).toBe(true);
    expect(table.isUnchangedSince(["other"], 1)).toBe(true);
  });

  it("tells entries that were written before an invalidation from those after it", () => {
    const table = new TagTable();
    const before = table.retain(["s", "t"]);
    expect(table.invalidate("t", 10)).toBe(true);
    const after = table.retain(["s", "t"]);
    expect([table.isCurrent(before), table.isCurrent(after)]).toEqual([false, true]);
    table.checkInvariants([before, after].flatMap((set) => set ?? []));
    table.release(before);
    table.release(after);
    table.checkInvariants([]);
  });

  it("keeps refusing old loads after it forgot a tag, also when the tag is used again meanwhile", () => {
    const table = new TagTable();
    table.invalidate("t", 10);
    for (let index = 0; index < 10_001; index += 1) table.invalidate(`filler ${index}`, 11 + index);
    table.checkInvariants([]);
    expect(table.isUnchangedSince(["t"], 9), "forgotten").toBe(false);
    const reused = table.retain(["t"]);
    expect(table.isUnchangedSince(["t"], 9), "used again").toBe(false);
    expect(table.isUnchangedSince(["t"], 20_000)).toBe(true);
    table.release(reused);
    table.checkInvariants([]);
  });
});
