import { describe, expect, it, vi } from "vitest";
import { EntrySlots } from "./entry-slots.ts";

describe("entry slots", () => {
  it.each(["a new slot", "a freed slot"])("take nothing when the Map is full, for %s", (which) => {
    const slots = new EntrySlots();
    slots.take("a");
    slots.take("b");
    if (which === "a freed slot") slots.release(slots.find("b"));
    const full = vi.spyOn(slots.index, "set").mockImplementation(() => {
      throw new RangeError("Map maximum size exceeded");
    });
    expect(() => slots.take("c")).toThrow(RangeError);
    full.mockRestore();
    slots.checkInvariants();
    expect(slots.find("c")).toBe(-1);
    slots.take("c");
    slots.checkInvariants();
  });
});
