import { describe, expect, it } from "vitest";
import { slotOfKey } from "../../clients/redis/redis-slot.ts";
import { plainSlotTag } from "./plain-keys.ts";
import {
  CLUSTER_KEYS,
  dataKey,
  SHARD_COUNT,
  shardKey,
  shardOfKey,
  slotOfShard,
  storedKeyOf,
} from "./redis-key-layout.ts";

describe("the shard of a key", () => {
  it("is fixed for ever", () => {
    const shards = ["user:1", "@shop:user:1", "", "ação", "a".repeat(300)].map(shardOfKey);
    expect(shards).toEqual([47, 9, 11, 46, 15]);
  });

  it("is that of its hash tag, by Redis's rule", () => {
    expect(shardOfKey("cart:{42}")).toBe(shardOfKey("stock:{42}:x}"));
    expect(shardOfKey("cart:{42}")).toBe(shardOfKey("{42}"));
    expect(shardOfKey("a{}b")).not.toBe(shardOfKey("a{}c"));
    expect(shardOfKey("a}b{c")).toBe(shardOfKey("a}b{c"));
  });

  it("is spread evenly", () => {
    const counts = new Array<number>(SHARD_COUNT).fill(0);
    for (let index = 0; index < 64_000; index += 1) counts[shardOfKey(`user:${index}`)]! += 1;
    expect(Math.max(...counts)).toBeLessThan(1_150);
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });
});

describe("keys in Redis", () => {
  it("of one shard lie in its slot, those of the user's own braces too", () => {
    for (const key of ["a", "{x}", "}{", "a{b}c", "{"]) {
      const shard = shardOfKey(key);
      const all = [
        dataKey(shard, key),
        shardKey(shard, "l", key),
        CLUSTER_KEYS.headKey(shard),
        CLUSTER_KEYS.epochKey(shard),
      ];
      for (const redisKey of [...all, CLUSTER_KEYS.generationKey(shard, "ns")]) {
        expect(slotOfKey(redisKey)).toBe(slotOfShard(shard));
      }
    }
  });

  it("tell which stored key they are of", () => {
    for (const key of ["a", "@ns:b", "\ud800", "{gcx:00}:a", "🦔"]) {
      const redisKey = dataKey(shardOfKey(key), key);
      expect(storedKeyOf(Buffer.from(redisKey))).toBe(key);
    }
  });

  it("find a tag for any slot of a cluster", () => {
    for (const slot of [0, 1, 8_000, 16_383]) expect(slotOfKey(`${plainSlotTag(slot)}o1`)).toBe(slot);
  });
});
