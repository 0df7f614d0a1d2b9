import { describe, expect, it } from "vitest";
import { hashString } from "../../foundation/hash.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { type EvictionPolicyName, evictionPolicyFactory } from "./eviction-policies.ts";

/** Replays keys against a policy as a store of `capacityCount` entries would. @returns the hit ratio of the second half */
function replay(name: EvictionPolicyName, capacityCount: number, keys: readonly number[]): number {
  const policy = evictionPolicyFactory(name)({ capacityCount, random: createSeededRandom(1) });
  const slotOf = new Map<number, number>();
  const keyOf: number[] = [];
  let hits = 0;
  for (const [position, key] of keys.entries()) {
    const known = slotOf.get(key);
    if (known !== undefined) {
      policy.touched(known, hashString(String(key)));
      if (position >= keys.length / 2) hits += 1;
      continue;
    }
    let slot = slotOf.size;
    if (slot >= capacityCount) {
      slot = policy.victim();
      policy.removed(slot, hashString(String(keyOf[slot])));
      slotOf.delete(keyOf[slot] as number);
    }
    slotOf.set(key, slot);
    keyOf[slot] = key;
    policy.inserted(slot, hashString(String(key)));
  }
  policy.checkInvariants();
  return hits / (keys.length / 2);
}

/** Keys of which few are popular: the key falls with a power of a random number. */
function skewed(count: number, keyCount: number): number[] {
  const random = createSeededRandom(9);
  return Array.from({ length: count }, () => Math.floor(keyCount ** random.next()));
}

describe("w-tinylfu", () => {
  it("keeps popular entries better than lru does", () => {
    const keys = skewed(60_000, 20_000);
    expect(replay("w-tinylfu", 300, keys)).toBeGreaterThan(replay("lru", 300, keys) + 0.03);
  });

  it("keeps popular entries while keys that come once pass through", () => {
    const keys = skewed(30_000, 1_000).flatMap((key, index) => [key, 1_000_000 + 2 * index, 1_000_001 + 2 * index]);
    expect(replay("w-tinylfu", 300, keys)).toBeGreaterThan(replay("lru", 300, keys) * 1.2);
  });

  it("does not let newcomers push out entries of probation that were seen more often", () => {
    const policy = evictionPolicyFactory("w-tinylfu")({ capacityCount: 100, random: createSeededRandom(1) });
    const warm = new Set<number>();
    for (let slot = 0; slot < 100; slot += 1) {
      // Comes three times, without ever being read: what is known about it is in the sketch alone.
      for (let time = 0; time < 3; time += 1) {
        policy.inserted(slot, hashString(`warm ${slot}`));
        if (time < 2) policy.removed(slot, hashString(`warm ${slot}`));
      }
      warm.add(slot);
    }
    for (let newcomer = 0; newcomer < 500; newcomer += 1) {
      const slot = policy.victim();
      // The policy keeps hashes itself.
      policy.replaced(slot, 0, hashString(`newcomer ${newcomer}`));
      warm.delete(slot);
    }
    expect(warm.size).toBeGreaterThan(80);
  });

  it("widens its window where only recency counts, until it is near lru", () => {
    // Each key comes about four times soon after its first time and never again. The smaller windows earn something too: on a
    // plateau, where they earn nothing, no hill climber finds its way.
    const random = createSeededRandom(3);
    const age = (): number => Math.floor(-Math.log(1 - random.next()) * 60);
    const keys = Array.from({ length: 120_000 }, (_, index) => Math.max(0, Math.floor(index / 4) - age()));
    const lru = replay("lru", 300, keys);
    expect(lru).toBeGreaterThan(0.7);
    expect(replay("w-tinylfu", 300, keys)).toBeGreaterThan(lru * 0.9);
  });
});
