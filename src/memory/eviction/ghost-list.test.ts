import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { GhostList } from "./ghost-list.ts";

describe("GhostList", () => {
  it("forgets the oldest where there is no room", () => {
    const ghosts = new GhostList(3);
    for (const hash of [1, 2, 3, 4]) ghosts.add(hash);
    expect([1, 2, 3, 4].map((hash) => ghosts.take(hash))).toEqual([false, true, true, true]);
    expect(ghosts.size).toBe(0);
  });

  it("knows hashes above 2^31 whichever sign they are given with", () => {
    const ghosts = new GhostList(3);
    ghosts.add(0xffff_fff0);
    expect(ghosts.take(0xffff_fff0 | 0)).toBe(true);
    ghosts.add(-5);
    expect(ghosts.take(-5 >>> 0)).toBe(true);
  });

  it("remembers a hash once, as the newest", () => {
    const ghosts = new GhostList(3);
    for (const hash of [1, 2, 3, 1, 4]) ghosts.add(hash);
    expect(ghosts.size).toBe(3);
    expect([1, 2, 3, 4].map((hash) => ghosts.take(hash))).toEqual([true, false, true, true]);
  });

  it("remembers nothing without capacity", () => {
    const ghosts = new GhostList(0);
    ghosts.add(1);
    expect(ghosts.take(1)).toBe(false);
  });

  it("gives up a few at a time when its capacity shrinks, so that no addition takes long", () => {
    const ghosts = new GhostList(1_000);
    for (let hash = 0; hash < 1_000; hash += 1) ghosts.add(hash);
    ghosts.resize(10);
    ghosts.add(5_000);
    expect(ghosts.size).toBe(985);
    for (let hash = 6_000; hash < 6_100; hash += 1) ghosts.add(hash);
    expect(ghosts.size).toBe(10);
    ghosts.checkInvariants();
  });

  it("agrees with a list while its table grows through many sizes, whatever the hashes", () => {
    const random = createSeededRandom(5);
    for (const spread of [1, 2 ** 10, 2 ** 20]) {
      const ghosts = new GhostList(700);
      const expected: number[] = [];
      for (let step = 0; step < 6_000; step += 1) {
        const hash = Math.floor(random.next() * 2_000) * spread;
        const position = expected.indexOf(hash);
        if (position >= 0) expected.splice(position, 1);
        if (random.next() < 0.7) {
          if (expected.length === 700) expected.shift();
          expected.push(hash);
          ghosts.add(hash);
        } else {
          expect(ghosts.take(hash)).toBe(position >= 0);
        }
        if (step % 500 === 0) ghosts.checkInvariants();
      }
      expect(ghosts.size).toBe(expected.length);
      expect(expected.every((hash) => ghosts.take(hash))).toBe(true);
      ghosts.checkInvariants();
    }
  });

  it("forgets everything when it is cleared, and can be used again", () => {
    const ghosts = new GhostList(200);
    for (let hash = 0; hash < 200; hash += 1) ghosts.add(hash);
    ghosts.clear();
    ghosts.checkInvariants();
    expect(ghosts.take(7)).toBe(false);
    ghosts.add(7);
    expect(ghosts.take(7)).toBe(true);
  });
});
