import process from "node:process";
import { describe, expect, it } from "vitest";
import { mixHash } from "../../src/foundation/hash.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import { type EvictionPolicy, NO_SLOT } from "../../src/memory/eviction/eviction-policy.ts";
import { createWLirsPolicy } from "../../src/memory/eviction/w-lirs.ts";
import type { ReferencePolicy } from "../support/reference-policies/reference-policy.ts";
import { referenceWLirs } from "../support/reference-policies/reference-w-lirs.ts";

/** Repeat a failure with the seed it told. */
const SEED = Number(process.env["GOCACHEX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const RUN_COUNT = 40;
const OPERATIONS_PER_RUN = 25_000;
const CHECK_EVERY = 250;

/** Keys of a load that changes its kind now and then, so that every window is in use at some time. */
function createKeys(random: RandomSource, capacityCount: number): () => number {
  let count = 0;
  let kind = 0;
  const loopLength = Math.ceil(capacityCount * (0.5 + random.next() * 2));
  return () => {
    if (count % 2_000 === 0) kind = Math.floor(random.next() * 5);
    count += 1;
    if (kind === 0) return count % loopLength;
    if (kind === 1) return Math.floor(random.next() ** 4 * 6 * capacityCount);
    if (kind === 2) return 1_000_000 + count - Math.floor(random.next() * capacityCount * 1.2);
    if (kind === 3) return 2_000_000 + (random.next() < 0.5 ? count : Math.floor(random.next() ** 3 * capacityCount));
    // There and back again: the load that is for LRU alone.
    const place = count % (4 * capacityCount);
    return 3_000_000 + Math.min(place, 4 * capacityCount - place);
  };
}

/** Drives the policy and its reference as the store does: a hit touches, a miss makes room and inserts, slots are reused. */
class Pair {
  capacityCount: number;
  readonly policy: EvictionPolicy;
  readonly #reference: ReferencePolicy;
  readonly #hashMask: number;
  readonly #slotOf = new Map<number, number>();
  readonly #keyOf: number[] = [];
  readonly #free: number[] = [];
  #slotCount = 0;

  constructor(capacityCount: number, hashMask: number, random: RandomSource) {
    this.capacityCount = capacityCount;
    this.#hashMask = hashMask;
    this.policy = createWLirsPolicy({ capacityCount, random });
    this.#reference = referenceWLirs(capacityCount);
  }

  use(key: number): void {
    const slot = this.#slotOf.get(key);
    if (slot === undefined) {
      this.evictTo(this.capacityCount);
      if (this.#slotOf.size === this.capacityCount) this.#replace(key);
      else this.#insert(key, this.#free.pop() ?? this.#slotCount++);
      return;
    }
    this.policy.touched(slot, this.#hash(key));
    this.#reference.touched(slot, this.#hash(key));
  }

  delete(key: number): void {
    const slot = this.#slotOf.get(key);
    if (slot !== undefined) this.#remove(slot);
  }

  /** Forgets an entry and takes it back at once, as the store does with an entry that must stay. */
  spare(): void {
    const slot = this.#victim();
    if (slot === NO_SLOT) return;
    this.policy.removed(slot, this.#hash(this.#keyOf[slot] as number));
    this.#reference.removed(slot);
    this.#insert(this.#keyOf[slot] as number, slot);
  }

  evictTo(size: number): void {
    while (this.#slotOf.size > size) this.#remove(this.#victim());
  }

  resize(capacityCount: number, isTold: boolean): void {
    this.capacityCount = capacityCount;
    if (!isTold) return;
    this.policy.resize(capacityCount);
    this.#reference.resize(capacityCount);
  }

  clear(): void {
    this.policy.clear();
    this.#reference.clear();
    this.#slotOf.clear();
    this.#free.length = 0;
    this.#slotCount = 0;
  }

  #victim(): number {
    const slot = this.policy.victim();
    const expected = this.#reference.victim();
    if (slot !== expected) throw new Error(`victim ${slot}, but the reference chose ${expected}`);
    return slot;
  }

  #insert(key: number, slot: number): void {
    this.#slotOf.set(key, slot);
    this.#keyOf[slot] = key;
    this.policy.inserted(slot, this.#hash(key));
    this.#reference.inserted(slot, this.#hash(key));
  }

  /** The victim's slot goes to another key; the reference does it in two steps. */
  #replace(key: number): void {
    const slot = this.#victim();
    const formerKey = this.#keyOf[slot] as number;
    this.policy.replaced(slot, this.#hash(formerKey), this.#hash(key));
    this.#reference.removed(slot);
    this.#reference.inserted(slot, this.#hash(key));
    this.#slotOf.delete(formerKey);
    this.#slotOf.set(key, slot);
    this.#keyOf[slot] = key;
  }

  #remove(slot: number): void {
    this.policy.removed(slot, this.#hash(this.#keyOf[slot] as number));
    this.#reference.removed(slot);
    this.#slotOf.delete(this.#keyOf[slot] as number);
    this.#free.push(slot);
  }

  #hash(key: number): number {
    return (mixHash(key + 1) & this.#hashMask) | 0;
  }
}

function step(pair: Pair, random: RandomSource, nextKey: () => number, deletionRatio: number): void {
  const kind = random.next();
  if (kind < deletionRatio) pair.delete(nextKey());
  else if (kind < deletionRatio + 0.001) pair.spare();
  else if (kind > 0.99995) pair.clear();
  else if (kind > 0.9999) pair.evictTo(0);
  else if (kind > 0.9995) pair.resize(1 + Math.floor(random.next() ** 3 * 1_200), random.next() < 0.5);
  else pair.use(nextKey());
}

/** Runs a load; what fails says with which seed and at which operation. */
function runLoad(seed: number): void {
  const random = createSeededRandom(seed);
  // 1, 2 and 3 often, some hundreds sometimes: from 129 on, not every key is in the sample.
  const capacityCount = 1 + Math.floor(random.next() ** 4 * 600);
  const hashMask = random.next() < 0.8 ? -1 : 0xff;
  const deletionRatio = random.next() < 0.5 ? 0 : 0.05;
  const pair = new Pair(capacityCount, hashMask, random);
  const nextKey = createKeys(random, capacityCount);
  let operation = 0;
  try {
    for (; operation < OPERATIONS_PER_RUN; operation += 1) {
      step(pair, random, nextKey, deletionRatio);
      if (operation % CHECK_EVERY === 0) pair.policy.checkInvariants();
    }
    pair.evictTo(0);
    pair.policy.checkInvariants();
    expect(pair.policy.victim()).toBe(NO_SLOT);
  } catch (error) {
    throw new Error(`operation ${operation} of the run with GOCACHEX_TEST_SEED=${seed}`, { cause: error });
  }
}

describe(`w-lirs, seed ${SEED}`, () => {
  it("chooses the same victims as its reference in a million operations", () => {
    for (let run = 0; run < RUN_COUNT; run += 1) runLoad((SEED + run * 7_919) >>> 0);
  }, 60_000);
});
