import { describe, expect, it } from "vitest";
import { mixHash } from "../../foundation/hash.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { type EvictionPolicy, type EvictionPolicyFactory, NO_SLOT } from "./eviction-policy.ts";
import { createLruPolicy } from "./lru.ts";
import { createWLirsPolicy } from "./w-lirs.ts";

/** A store of entries without values. */
class Store {
  capacityCount: number;
  hits = 0;
  requests = 0;
  readonly policy: EvictionPolicy;
  readonly slotOf: Map<number, number> = new Map<number, number>();
  readonly #keyOf: number[] = [];
  readonly #free: number[] = [];
  #slotCount = 0;

  constructor(capacityCount: number, create: EvictionPolicyFactory = createWLirsPolicy, toldCount = capacityCount) {
    this.capacityCount = capacityCount;
    this.policy = create({ capacityCount: toldCount, random: createSeededRandom(1) });
  }

  get(key: number): void {
    const hash = mixHash(key + 1) | 0;
    const slot = this.slotOf.get(key);
    this.requests += 1;
    if (slot !== undefined) {
      this.hits += 1;
      this.policy.touched(slot, hash);
      return;
    }
    while (this.slotOf.size >= this.capacityCount) this.evict();
    const taken = this.#free.pop() ?? this.#slotCount++;
    this.slotOf.set(key, taken);
    this.#keyOf[taken] = key;
    this.policy.inserted(taken, hash);
  }

  evict(): void {
    this.remove(this.#keyOf[this.policy.victim()] as number);
  }

  remove(key: number): void {
    const slot = this.slotOf.get(key) as number;
    this.slotOf.delete(key);
    this.#free.push(slot);
    this.policy.removed(slot, mixHash(key + 1) | 0);
  }

  /** Requests keys. @returns the hit ratio over them */
  replay(keys: Iterable<number>): number {
    this.hits = 0;
    this.requests = 0;
    for (const key of keys) this.get(key);
    this.policy.checkInvariants();
    return this.hits / this.requests;
  }
}

function* keys(count: number, keyAt: (index: number) => number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield keyAt(index);
}

/** Few keys are popular: the rank falls with a power of a random number. */
function skewed(seed: number, keyCount: number): (index: number) => number {
  const random = createSeededRandom(seed);
  return () => Math.floor(keyCount ** random.next());
}

describe.each([20, 300, 5_000])("w-lirs with %i entries", (capacityCount) => {
  const newcomer = (index: number): number => 10_000_000 + index;

  it("keeps its content in a loop that is longer than the cache", () => {
    for (const factor of [1.2, 2, 5]) {
      const length = Math.floor(factor * capacityCount);
      const store = new Store(capacityCount);
      store.replay(keys(8 * length, (index) => index % length));
      const hitRatio = store.replay(keys(8 * length, (index) => index % length));
      expect(hitRatio).toBeGreaterThan((0.93 * (capacityCount - 1)) / length);
    }
  });

  it("serves a sliding window as LRU does", () => {
    const distance = Math.floor(0.7 * capacityCount);
    const random = createSeededRandom(8);
    const trace = [...keys(60 * capacityCount, (index) => newcomer(Math.floor(index / 2 - random.next() * distance)))];
    const lru = new Store(capacityCount, createLruPolicy).replay(trace);
    expect(lru).toBeGreaterThan(0.5);
    expect(new Store(capacityCount).replay(trace)).toBeGreaterThan(0.95 * lru);
  });

  it("serves a way there and back again as LRU does", () => {
    const length = Math.floor(1.5 * capacityCount);
    const trace = [...keys(80 * capacityCount, (i) => Math.min(i % (2 * length), 2 * length - (i % (2 * length))))];
    const lru = new Store(capacityCount, createLruPolicy).replay(trace);
    expect(lru).toBeGreaterThan(0.6);
    expect(new Store(capacityCount).replay(trace)).toBeGreaterThan(0.93 * lru);
  });

  it("keeps what is popular while a scan passes", () => {
    const popular = skewed(4, 20 * capacityCount);
    const store = new Store(capacityCount);
    store.replay(keys(40 * capacityCount, popular));
    const before = store.replay(keys(20 * capacityCount, popular));
    store.replay(keys(10 * capacityCount, newcomer));
    expect(store.replay(keys(capacityCount, popular))).toBeGreaterThan(0.85 * before);
  });

  it("follows what becomes popular", () => {
    const popular = skewed(4, 20 * capacityCount);
    const store = new Store(capacityCount);
    store.replay(keys(100 * capacityCount, popular));
    const before = store.replay(keys(20 * capacityCount, popular));
    store.replay(keys(20 * capacityCount, (index) => 1_000_000 + popular(index)));
    expect(store.replay(keys(20 * capacityCount, (index) => 1_000_000 + popular(index)))).toBeGreaterThan(
      0.95 * before,
    );
  });

  it("is as good when it is told a wrong capacity, or one that grows", () => {
    const trace = (): Generator<number> => keys(50 * capacityCount, skewed(4, 20 * capacityCount));
    const exact = new Store(capacityCount).replay(trace());
    const wrong = new Store(capacityCount, createWLirsPolicy, 30 * capacityCount);
    expect(wrong.replay(trace())).toBeGreaterThan(exact - 0.015);
    const growing = new Store(capacityCount, createWLirsPolicy, 4);
    for (const key of trace()) {
      growing.get(key);
      if (growing.requests % 64 === 0) growing.policy.resize(Math.min(capacityCount, 2 * growing.slotOf.size));
    }
    expect(growing.hits / growing.requests).toBeGreaterThan(exact - 0.015);
  });

  it("goes on when its capacity rises and falls", () => {
    const store = new Store(capacityCount);
    const popular = skewed(4, 20 * capacityCount);
    store.replay(keys(20 * capacityCount, popular));
    for (const factor of [4, 1, 0.1, 2]) {
      store.capacityCount = Math.max(1, Math.floor(factor * capacityCount));
      store.policy.resize(store.capacityCount);
      while (store.slotOf.size > store.capacityCount) store.evict();
      store.policy.checkInvariants();
      const steady = store.replay(keys(40 * capacityCount, popular));
      expect(steady).toBeGreaterThan(new Store(store.capacityCount).replay(keys(40 * capacityCount, popular)) - 0.05);
    }
  });
});

describe("w-lirs", () => {
  it("is right after each of many operations at any small capacity", () => {
    const random = createSeededRandom(17);
    for (let capacityCount = 1; capacityCount <= 12; capacityCount += 1) {
      const store = new Store(capacityCount);
      for (let operation = 0; operation < 1_500; operation += 1) {
        const stored = [...store.slotOf.keys()];
        const kind = random.next();
        if (kind < 0.15 && stored.length > 0) store.remove(stored[Math.floor(random.next() * stored.length)] as number);
        else if (kind < 0.17) store.policy.resize(1 + Math.floor(random.next() * 20));
        else store.get(Math.floor(random.next() ** 2 * 4 * capacityCount));
        store.policy.checkInvariants();
        expect(store.slotOf.size).toBeLessThanOrEqual(capacityCount);
      }
      while (store.slotOf.size > 0) store.evict();
      expect(store.policy.victim()).toBe(NO_SLOT);
    }
  });

  it("forgets everything when it is cleared, its window too", () => {
    const replayAll = (policy: EvictionPolicy): number[] => {
      const victims: number[] = [];
      const hashes = Array.from({ length: 50 }, (_, slot) => mixHash(slot) | 0);
      for (const [slot, hash] of hashes.entries()) policy.inserted(slot, hash);
      for (let index = 50; index < 400; index += 1) {
        const slot = policy.victim();
        victims.push(slot);
        policy.replaced(slot, hashes[slot] as number, mixHash(index % 70) | 0);
        hashes[slot] = mixHash(index % 70) | 0;
      }
      return victims;
    };
    const policy = createWLirsPolicy({ capacityCount: 50, random: createSeededRandom(1) });
    const first = replayAll(policy);
    policy.clear();
    policy.checkInvariants();
    expect(policy.victim()).toBe(NO_SLOT);
    expect(replayAll(policy)).toEqual(first);
  });
});
