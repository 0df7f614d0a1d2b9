import { describe, expect, it } from "vitest";
import { NO_SLOT } from "./eviction-policy.ts";
import { SlotNodes, SlotRing } from "./slot-ring.ts";

function ringOf(count: number): { nodes: SlotNodes; ring: SlotRing } {
  const nodes = new SlotNodes();
  const ring = new SlotRing(nodes);
  for (let slot = 0; slot < count; slot += 1) {
    nodes.open(slot, 200 + slot);
    ring.add(slot);
  }
  return { nodes, ring };
}

describe("SlotRing", () => {
  it("keeps slots in the order in which they were added, the hand at the oldest", () => {
    const { ring } = ringOf(4);
    expect(ring.oldest).toBe(0);
    expect(ring.toArray()).toEqual([0, 1, 2, 3]);
  });

  it("makes the oldest the newest when the hand moves on", () => {
    const { nodes, ring } = ringOf(3);
    ring.advance();
    nodes.open(3, 0);
    ring.add(3);
    expect(ring.toArray()).toEqual([1, 2, 0, 3]);
    ring.checkInvariants();
  });

  it("moves the hand on when the slot under it is removed, and is empty after the last", () => {
    const { ring } = ringOf(3);
    ring.remove(0);
    expect(ring.toArray()).toEqual([1, 2]);
    ring.remove(2);
    ring.remove(1);
    expect([ring.oldest, ring.size, ring.toArray()]).toEqual([NO_SLOT, 0, []]);
    ring.add(2);
    expect(ring.toArray()).toEqual([2]);
    ring.checkInvariants();
  });

  it("keeps what is known of each slot when it grows over pages", () => {
    const { nodes, ring } = ringOf(140_000);
    ring.checkInvariants();
    for (const slot of [0, 63, 64, 65_536, 131_071, 131_072, 139_999]) expect(nodes.usedAt(slot)).toBe(200 + slot);
    for (const slot of [131_071, 131_072, 0]) ring.remove(slot);
    ring.advance();
    expect([ring.oldest, ring.size]).toEqual([2, 139_997]);
    ring.checkInvariants();
    ring.clear();
    nodes.clear();
    nodes.open(0, 7);
    ring.add(0);
    expect([ring.toArray(), nodes.usedAt(0)]).toEqual([[0], 7]);
  });

  it("notices a size that is wrong", () => {
    const { ring } = ringOf(3);
    ring.size = 2;
    expect(() => ring.checkInvariants()).toThrow("more links");
    ring.size = 4;
    expect(() => ring.checkInvariants()).toThrow("size is 4");
  });
});
