import { describe, expect, it } from "vitest";
import { mixHash } from "../../foundation/hash.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { MiniatureCache } from "./miniature-cache.ts";

function request(miniature: MiniatureCache, hashes: readonly number[]): void {
  miniature.request(Int32Array.from(hashes), hashes.length);
}

describe("MiniatureCache", () => {
  it("counts the hits of an LRU cache when the window is all", () => {
    const random = createSeededRandom(5);
    const hashes = Array.from({ length: 5_000 }, () => mixHash(Math.floor(random.next() ** 3 * 300)) | 0);
    const miniature = new MiniatureCache(50, 1);
    request(miniature, hashes);
    const lru = new Set<number>();
    let hits = 0;
    for (const hash of hashes) {
      if (lru.delete(hash)) hits += 1;
      lru.add(hash);
      for (const oldest of lru) if (lru.size > 50) lru.delete(oldest);
    }
    expect(miniature.hits).toBe(hits);
    miniature.checkInvariants();
  });

  it("keeps its content in a loop that is too long for it, when the window is small", () => {
    const miniature = new MiniatureCache(100, 0.01);
    const loop = Array.from({ length: 150 }, (_, index) => mixHash(index) | 0);
    for (let round = 0; round < 10; round += 1) request(miniature, loop);
    expect(miniature.hits).toBeGreaterThan(9 * 95);
    miniature.checkInvariants();
  });

  it("finds hashes that meet in the index, also after others between them left", () => {
    const miniature = new MiniatureCache(8, 1);
    // All have the same home.
    const hashes = Array.from({ length: 8 }, (_, index) => (index + 1) << 16);
    request(miniature, hashes);
    request(miniature, [9 << 16, 10 << 16, 11 << 16]);
    miniature.checkInvariants();
    miniature.hits = 0;
    request(miniature, [4 << 16, 5 << 16, 8 << 16, 9 << 16, 10 << 16, 11 << 16]);
    expect(miniature.hits).toBe(6);
  });

  it("drops what is out of the sample and what does not fit, and keeps the rest", () => {
    const miniature = new MiniatureCache(100, 1);
    request(
      miniature,
      Array.from({ length: 100 }, (_, index) => index),
    );
    miniature.fit(100, 49);
    miniature.checkInvariants();
    request(miniature, [49, 50]);
    expect(miniature.hits).toBe(1);
    miniature.fit(10, 99);
    miniature.checkInvariants();
    miniature.hits = 0;
    request(miniature, [50, 49, 48, 47, 46, 45, 44, 43, 42, 41]);
    expect(miniature.hits).toBe(10);
  });

  it("forgets all when it is cleared", () => {
    const miniature = new MiniatureCache(10, 0.05);
    request(miniature, [1, 2, 3, 1]);
    miniature.clear();
    request(miniature, [1, 2, 3]);
    expect(miniature.hits).toBe(0);
    miniature.checkInvariants();
  });
});
