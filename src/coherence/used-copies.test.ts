import { describe, expect, it } from "vitest";
import { type RevalidatedCopy, UsedCopies } from "./used-copies.ts";

function copyOf(version: number): RevalidatedCopy {
  const proof = { shard: 0, head: version, tagHead: 0, generation: 0, readAtMs: 0, age: -1, tagAge: -1 };
  return { ...proof, life: 1, version, expiresAt: Number.POSITIVE_INFINITY, tags: [], useCount: 0 };
}

/** Lists copies that were used as often as is said, by name. */
function listOf(uses: Readonly<Record<string, number>>, maxCount = 100): UsedCopies {
  const used = new UsedCopies(maxCount);
  for (const [key, count] of Object.entries(uses)) {
    const copy = copyOf(1);
    for (let use = 0; use < count; use += 1) used.note(key, copy);
  }
  return used;
}

const keysOf = (used: ReturnType<UsedCopies["takeHottest"]>): string => used.map(({ key }) => key).join("");
const now = (): "now" => "now";

describe("copies that were used", () => {
  it("are taken all where there is room, each once, and not again", () => {
    const used = listOf({ a: 3, b: 1, c: 2 });
    expect(keysOf(used.takeHottest(3, now))).toBe("abc");
    expect(keysOf(used.takeHottest(3, now))).toBe("");
  });

  it.each([
    [0, ""],
    [1, "b"],
    [2, "bd"],
    [3, "abd"],
    [4, "abcd"],
    [5, "abcde"],
  ])("are taken, %i of them, those first that were used most", (room, expected) => {
    const used = listOf({ a: 3, b: 300, c: 3, d: 255, e: 1 });
    expect([...keysOf(used.takeHottest(room, now))].sort().join("")).toBe(expected);
  });

  it("are forgotten when they were not taken, and listed anew at their next use", () => {
    const used = new UsedCopies(100);
    const [hot, cold] = [copyOf(1), copyOf(2)];
    for (let use = 0; use < 2; use += 1) used.note("hot", hot);
    used.note("cold", cold);
    expect(keysOf(used.takeHottest(1, now))).toBe("hot");
    expect(used.count).toBe(0);
    used.note("cold", cold);
    expect(keysOf(used.takeHottest(1, now))).toBe("cold");
  });

  it("keep their place and their count while they are not due", () => {
    const used = listOf({ a: 2, b: 1 });
    expect(keysOf(used.takeHottest(9, () => "later"))).toBe("");
    expect(used.count).toBe(2);
    expect(keysOf(used.takeHottest(1, now))).toBe("a");
  });

  it("are listed up to a bound; the rest is at the next use after there is room", () => {
    const used = new UsedCopies(1);
    const [first, second] = [copyOf(1), copyOf(2)];
    for (let use = 0; use < 2; use += 1) {
      used.note("first", first);
      used.note("second", second);
    }
    expect(keysOf(used.takeHottest(9, now))).toBe("first");
    used.note("second", second);
    expect(keysOf(used.takeHottest(9, now))).toBe("second");
  });

  it("count in a byte", () => {
    const used = new UsedCopies(1);
    const copy = copyOf(1);
    for (let use = 0; use < 1_000; use += 1) used.note("k", copy);
    expect(copy.useCount).toBe(255);
    used.takeHottest(1, () => "never");
    expect(copy.useCount).toBe(0);
  });
});
