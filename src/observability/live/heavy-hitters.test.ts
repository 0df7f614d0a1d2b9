import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { HeavyHitters } from "./heavy-hitters.ts";

describe("heavy hitters", () => {
  it("has every id that is more frequent than total / capacity, at most as wrong as it says", () => {
    const random = createSeededRandom(11);
    const hitters = new HeavyHitters(200);
    const counts = new Map<string, number>();
    for (let read = 0; read < 50_000; read += 1) {
      const id = String(Math.floor(random.next() ** 6 * 5_000));
      counts.set(id, (counts.get(id) ?? 0) + 1);
      hitters.add(id, 1, true);
    }
    const known = new Map(hitters.top(200).map((hitter) => [hitter.id, hitter]));
    expect([hitters.size, hitters.total]).toEqual([200, 50_000]);
    const frequent = [...counts].filter(([, count]) => count > 50_000 / 200);
    expect(frequent.length).toBeGreaterThan(3);
    for (const [id] of frequent) expect(known.has(id)).toBe(true);
    for (const { id, count, errorCount } of known.values()) {
      const exact = counts.get(id) as number;
      expect(count).toBeGreaterThanOrEqual(exact);
      expect(count - errorCount).toBeLessThanOrEqual(exact);
    }
  });

  it("tells the most frequent first, with how many were marked", () => {
    const hitters = new HeavyHitters(3);
    for (const [id, weight, isMarked] of [
      ["a", 1, true],
      ["b", 5, true],
      ["b", 5, false],
      ["c", 2, false],
    ] as const) {
      hitters.add(id, weight, isMarked);
    }
    expect(hitters.top(2)).toEqual([
      { id: "b", count: 10, errorCount: 0, markedCount: 5 },
      { id: "c", count: 2, errorCount: 0, markedCount: 0 },
    ]);
  });

  it("forgets the past by halves, and what has come to nothing", () => {
    const hitters = new HeavyHitters(4);
    hitters.add("often", 8, true);
    hitters.add("once", 1, true);
    hitters.halve();
    hitters.halve();
    expect(hitters.top(4)).toEqual([{ id: "often", count: 2, errorCount: 0, markedCount: 2 }]);
    hitters.add("new", 3, false);
    expect(hitters.top(1)[0]?.id).toBe("new");
    expect(hitters.total).toBe(9 / 4 + 3);
  });
});
