import { describe, expect, it } from "vitest";
import { keyedHash, sampledHash } from "./key-hash.ts";

const SEED = 0x1234_5678;
const HASHES = {
  sampled: (key: string) => sampledHash(key, SEED),
  keyed: (key: string) => keyedHash(key, SEED, 0x0bad_cafe),
};

/** Equal strings that the engine keeps in different ways: flat, joined, a part of another, and in two bytes a character. */
function representationsOf(text: string): string[] {
  const joined = text.slice(0, 3) + text.slice(3);
  const part = `<${text}>`.slice(1, -1);
  const wide = `${text}\u{4e00}`.slice(0, -1);
  return [text, joined, part, wide];
}

describe.each(Object.entries(HASHES))("the %s hash", (_, hash) => {
  it("is the same for equal strings, however they are kept", () => {
    for (const text of ["user:42", "a rather long key, of which only some characters count:0001", "é".repeat(20)]) {
      expect(new Set(representationsOf(text).map(hash)).size).toBe(1);
    }
  });

  it("spreads the keys of real programs over buckets as chance would", () => {
    const shapes = [
      (id: number) => `${id}`,
      (id: number) => `user:${id}`,
      (id: number) => `tenant-7:user-profile:v2:${id}`,
      (id: number) => `https://example.com/items/${id}?page=1`,
    ];
    const bucketCount = 1_024;
    const keyCount = 50 * bucketCount;
    for (const [at, shape] of shapes.entries()) {
      // Of the last shape, the sampled hash sees part of the id only: that is what the keyed one is there for.
      if (hash === HASHES.sampled && at === 3) continue;
      const counts = new Float64Array(bucketCount);
      const tagCounts = new Float64Array(256);
      for (let id = 0; id < keyCount; id += 1) {
        const value = hash(shape(id));
        counts[value & (bucketCount - 1)] = (counts[value & (bucketCount - 1)] as number) + 1;
        tagCounts[value >>> 24] = (tagCounts[value >>> 24] as number) + 1;
      }
      const chiSquare = (all: Float64Array): number => {
        const mean = keyCount / all.length;
        return all.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0) / all.length;
      };
      // 1 is chance; far above it keys cluster.
      expect(chiSquare(counts)).toBeLessThan(1.3);
      expect(chiSquare(tagCounts)).toBeLessThan(1.6);
    }
  });

  it("tells short keys apart that differ in one character, anywhere", () => {
    const hashes = new Set<number>();
    for (let at = 0; at < 16; at += 1)
      for (let unit = 97; unit < 123; unit += 1) {
        hashes.add(
          hash("0123456789abcdef".slice(0, at) + String.fromCharCode(unit) + "0123456789abcdef".slice(at + 1)),
        );
      }
    // One of each 26 is the same key for the positions that hold a letter already.
    expect(hashes.size).toBeGreaterThanOrEqual(16 * 26 - 16);
  });
});

describe("the keyed hash", () => {
  it("depends on both halves of the secret, on the length and on every character", () => {
    expect(keyedHash("key", 1, 2)).not.toBe(keyedHash("key", 3, 2));
    expect(keyedHash("key", 1, 2)).not.toBe(keyedHash("key", 1, 3));
    const zeros = Array.from({ length: 20 }, (_, length) => keyedHash("\0".repeat(length), 1, 2));
    expect(new Set(zeros).size).toBe(20);
    const long = "x".repeat(1_000);
    const changed = Array.from({ length: 1_000 }, (_, at) =>
      keyedHash(`${long.slice(0, at)}y${long.slice(at + 1)}`, 1, 2),
    );
    expect(new Set(changed).size).toBe(1_000);
  });

  it("tells characters beyond Latin-1 from pairs of others that have the same bits", () => {
    const keys = ["\u0100\0\0\0", "\0\u0001\0\0", "\0\0", "\u0100\0", "\0\u0001", "a\u4e00", "\u4e61\0", "a", "\u4e00"];
    expect(new Set(keys.map((key) => keyedHash(key, 1, 2))).size).toBe(keys.length);
    const long = "\u4e00".repeat(101);
    const changed = Array.from({ length: 101 }, (_, at) =>
      keyedHash(`${long.slice(0, at)}y${long.slice(at + 1)}`, 1, 2),
    );
    expect(new Set(changed).size).toBe(101);
  });

  it("makes other collisions with another secret, so that nobody can prepare keys for it", () => {
    const keys = Array.from({ length: 200_000 }, (_, id) => `key-${id}`);
    const groupsOf = (secret: number): Map<number, string[]> => {
      const groups = new Map<number, string[]>();
      for (const key of keys) {
        const hash = keyedHash(key, secret, ~secret) & 0xfffff;
        const group = groups.get(hash);
        if (group === undefined) groups.set(hash, [key]);
        else group.push(key);
      }
      return groups;
    };
    const colliding = [...groupsOf(1).values()].filter((group) => group.length > 2);
    expect(colliding.length).toBeGreaterThan(100);
    const other = (key: string): number => keyedHash(key, 2, ~2) & 0xfffff;
    const stillColliding = colliding.filter((group) => new Set(group.map(other)).size === 1);
    expect(stillColliding).toEqual([]);
  });
});
