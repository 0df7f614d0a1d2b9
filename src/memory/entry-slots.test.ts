import { describe, expect, it, vi } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { EntrySlots } from "./entry-slots.ts";
import { NamespaceScopes } from "./namespace-scopes.ts";

const scope = new NamespaceScopes().root;

function open(): { slots: EntrySlots; take: (key: string) => number; find: (key: string) => number } {
  const slots = new EntrySlots(createSeededRandom(1), scope);
  return {
    slots,
    take: (key) => slots.take(key, slots.index.hash(key), key, scope),
    find: (key) => slots.index.find(key, slots.index.hash(key)),
  };
}

describe("entry slots", () => {
  it.each(["a new slot", "a freed slot"])("take nothing when the index cannot grow, for %s", (which) => {
    const { slots, take, find } = open();
    take("a");
    take("b");
    if (which === "a freed slot") slots.release(find("b"));
    const full = vi.spyOn(slots.index, "insert").mockImplementation(() => {
      throw new RangeError("Array buffer allocation failed");
    });
    expect(() => take("c")).toThrow(RangeError);
    full.mockRestore();
    slots.checkInvariants();
    expect(find("c")).toBe(-1);
    take("c");
    slots.checkInvariants();
  });

  it("use freed slots again, last freed first", () => {
    const { slots, take, find } = open();
    for (const key of ["a", "b", "c"]) take(key);
    slots.release(find("a"));
    slots.release(find("c"));
    expect([take("d"), take("e"), take("f")]).toEqual([2, 0, 3]);
    slots.checkInvariants();
  });

  it("give their arrays back when the last entry of many leaves", () => {
    const { slots, take, find } = open();
    for (let id = 0; id < 2_000; id += 1) take(`key:${id}`);
    for (let id = 0; id < 2_000; id += 1) slots.release(find(`key:${id}`));
    expect(slots.highWater).toBe(0);
    slots.checkInvariants();
    expect(take("a")).toBe(0);
  });
});
