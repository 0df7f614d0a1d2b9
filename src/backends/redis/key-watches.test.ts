import { describe, expect, it } from "vitest";
import type { RedisChannelListener } from "../../clients/redis/redis-client.ts";
import { KeyWatches } from "./key-watches.ts";
import { dataKey, shardOfKey } from "./redis-key-layout.ts";

/** Watches over a subscription that the test speaks for. */
function openWatches() {
  const hearing = new Set<RedisChannelListener>();
  const watches = new KeyWatches((listener) => {
    hearing.add(listener);
    return () => hearing.delete(listener);
  });
  const told: string[] = [];
  const watch = (key: string): (() => void) => watches.watch(key, () => void told.push(key));
  const take = (): string[] => told.splice(0);
  return { hearing, watches, watch, take };
}

const redisKey = (key: string): Buffer => Buffer.from(dataKey(shardOfKey(key), key));

function changes(...keys: readonly string[]): Buffer {
  const parts = keys.map((key) => {
    const head = Buffer.alloc(20);
    head.writeUInt32BE(redisKey(key).length, 16);
    return Buffer.concat([head, redisKey(key)]);
  });
  return Buffer.concat([Buffer.from("K"), ...parts]);
}

describe("watches of keys", () => {
  it("are told of the keys that a message names, each as often as it is named", () => {
    const { watches, watch, take } = openWatches();
    for (const key of ["a", "b", "ab", "@shop:a"]) watch(key);
    watches.onMessage(changes("b", "@shop:a", "unknown"));
    watches.onMessage(Buffer.concat([Buffer.from("R"), redisKey("a")]));
    expect(take()).toEqual(["b", "@shop:a", "a"]);
  });

  it("are all told by what names no key: a clear, tags, what is not known, what is cut off, a gap", () => {
    const { watches, watch, take } = openWatches();
    for (const key of ["a", "b"]) watch(key);
    const cut = changes("a", "other");
    const ambiguous = [Buffer.from("Cshop"), Buffer.from("T12345678"), Buffer.from("Znew"), Buffer.alloc(0)];
    for (const message of [...ambiguous, cut.subarray(0, cut.length - 1), Buffer.from("K12")]) {
      watches.onMessage(message);
      const told = take();
      expect([told.includes("a"), told.includes("b")], String(message)).toEqual([true, true]);
    }
    watches.onGap();
    expect(take()).toEqual(["a", "b"]);
    watches.onMessage(Buffer.from("P"));
    expect(take()).toEqual([]);
  });

  it("may stop, and begin, while others are told", () => {
    const { watches, take } = openWatches();
    const told: string[] = [];
    const stops: (() => void)[] = [];
    for (const name of ["first", "second"]) {
      stops.push(
        watches.watch("a", () => {
          told.push(name);
          for (const stop of stops) stop();
          watches.watch("a", () => void told.push("late"));
        }),
      );
    }
    watches.onMessage(changes("a"));
    expect([told, take()]).toEqual([["first"], []]);
    watches.onMessage(changes("a"));
    expect(told).toEqual(["first", "late"]);
  });

  it("listen as long as somebody watches", () => {
    const { hearing, watch } = openWatches();
    expect(hearing.size).toBe(0);
    const stops = [watch("a"), watch("a"), watch("b")];
    expect(hearing.size).toBe(1);
    for (const stop of [stops[0], stops[0], stops[2]]) stop?.();
    expect(hearing.size).toBe(1);
    stops[1]?.();
    expect(hearing.size).toBe(0);
    watch("a");
    expect(hearing.size).toBe(1);
  });
});
