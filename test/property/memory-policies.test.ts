import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashString } from "../../src/foundation/hash.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import {
  EVICTION_POLICY_NAMES,
  type EvictionPolicyName,
  evictionPolicyFactory,
} from "../../src/memory/eviction/eviction-policies.ts";
import { type EvictionPolicy, NO_SLOT } from "../../src/memory/eviction/eviction-policy.ts";

/** The same policy over keys, with arrays and no cleverness: what the real one has to agree with. */
interface ReferencePolicy {
  inserted(key: string): void;
  touched(key: string): void;
  /** `isVictim`: the key leaves because the policy chose it just now. */
  removed(key: string, isVictim: boolean): void;
  victim(): string | undefined;
}

const without = (keys: readonly string[], key: string): string[] => keys.filter((other) => other !== key);

function referenceQueue(isRecency: boolean): ReferencePolicy {
  let queue: string[] = [];
  return {
    inserted: (key) => queue.push(key),
    touched(key) {
      if (isRecency) queue = [...without(queue, key), key];
    },
    removed(key) {
      queue = without(queue, key);
    },
    victim: () => queue[0],
  };
}

function referenceLfu(): ReferencePolicy {
  let recency: string[] = [];
  const counts = new Map<string, number>();
  const use = (key: string): void => {
    recency = [...without(recency, key), key];
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    inserted: use,
    touched: use,
    removed(key) {
      recency = without(recency, key);
      counts.delete(key);
    },
    victim() {
      const lowest = Math.min(...counts.values());
      return recency.find((key) => counts.get(key) === lowest);
    },
  };
}

function referenceSieve(): ReferencePolicy {
  /** Oldest first. */
  let queue: string[] = [];
  const visited = new Set<string>();
  let hand: string | undefined;
  return {
    inserted: (key) => queue.push(key),
    touched: (key) => visited.add(key),
    removed(key) {
      if (hand === key) hand = queue[queue.indexOf(key) + 1];
      queue = without(queue, key);
      visited.delete(key);
    },
    victim() {
      let at = hand === undefined ? 0 : queue.indexOf(hand);
      while (queue.length > 0 && visited.delete(queue[at] as string)) at = (at + 1) % queue.length;
      hand = queue[at];
      return hand;
    },
  };
}

function referenceS3Fifo(capacityCount: number): ReferencePolicy {
  const smallTarget = Math.max(1, Math.floor(capacityCount * 0.1));
  const ghostCapacity = Math.max(1, capacityCount - smallTarget);
  /** All oldest first. */
  let small: string[] = [];
  let main: string[] = [];
  let ghosts: string[] = [];
  const reads = new Map<string, number>();
  return {
    inserted(key) {
      reads.set(key, 0);
      if (ghosts.includes(key)) main.push(key);
      else small.push(key);
      ghosts = without(ghosts, key);
    },
    touched: (key) => reads.set(key, Math.min(3, (reads.get(key) as number) + 1)),
    removed(key, isVictim) {
      if (isVictim && small.includes(key)) ghosts = [...without(ghosts, key), key].slice(-ghostCapacity);
      small = without(small, key);
      main = without(main, key);
    },
    victim() {
      while (small.length + main.length > 0) {
        const isFromSmall = small.length >= smallTarget || main.length === 0;
        const key = (isFromSmall ? small[0] : main[0]) as string;
        const count = reads.get(key) as number;
        if (count < (isFromSmall ? 2 : 1)) return key;
        reads.set(key, isFromSmall ? 0 : count - 1);
        small = without(small, key);
        main = [...without(main, key), key];
      }
      return undefined;
    },
  };
}

const REFERENCES: Partial<Record<EvictionPolicyName, (capacityCount: number) => ReferencePolicy>> = {
  lru: () => referenceQueue(true),
  fifo: () => referenceQueue(false),
  lfu: referenceLfu,
  sieve: referenceSieve,
  "s3-fifo": referenceS3Fifo,
};

type Step = { readonly kind: "use" | "delete"; readonly key: string };

const keys = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 7 }) },
  { weight: 1, arbitrary: fc.integer({ min: 8, max: 60 }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 8, arbitrary: fc.constant("use" as const) },
      { weight: 1, arbitrary: fc.constant("delete" as const) },
    ),
    key: keys.map((number) => `key ${number}`),
  }),
  { minLength: 1, maxLength: 250, size: "max" },
);

/** Drives a policy as the store does: a hit touches, a miss makes room and inserts, slots are reused. */
class PolicyDriver {
  readonly slots = new Map<string, number>();
  readonly victims: string[] = [];
  readonly #keys: string[] = [];
  readonly #free: number[] = [];
  readonly #policy: EvictionPolicy;
  readonly #capacityCount: number;
  readonly #reference: ReferencePolicy | undefined;

  constructor(policy: EvictionPolicy, capacityCount: number, reference: ReferencePolicy | undefined) {
    this.#policy = policy;
    this.#capacityCount = capacityCount;
    this.#reference = reference;
  }

  step({ kind, key }: Step): void {
    const slot = this.slots.get(key);
    if (kind === "delete") {
      if (slot !== undefined) this.#remove(slot, false);
    } else if (slot !== undefined) {
      this.#policy.touched(slot);
      this.#reference?.touched(key);
    } else {
      while (this.slots.size >= this.#capacityCount) this.#evict();
      this.#insert(key);
    }
    this.#policy.checkInvariants();
  }

  drain(): void {
    while (this.slots.size > 0) this.#evict();
    expect(this.#policy.victim()).toBe(NO_SLOT);
  }

  #evict(): void {
    const slot = this.#policy.victim();
    const key = this.#keys[slot];
    expect(this.slots.get(key as string), "the victim must be a stored entry").toBe(slot);
    if (this.#reference !== undefined) expect(key).toBe(this.#reference.victim());
    this.victims.push(key as string);
    this.#remove(slot, true);
  }

  #insert(key: string): void {
    const slot = this.#free.pop() ?? this.slots.size;
    this.slots.set(key, slot);
    this.#keys[slot] = key;
    this.#policy.inserted(slot, hashString(key));
    this.#reference?.inserted(key);
  }

  #remove(slot: number, isVictim: boolean): void {
    const key = this.#keys[slot] as string;
    this.#policy.removed(slot);
    this.#reference?.removed(key, isVictim);
    this.slots.delete(key);
    this.#free.push(slot);
  }
}

function createPolicy(name: EvictionPolicyName, capacityCount: number): EvictionPolicy {
  return evictionPolicyFactory(name)({ capacityCount, random: createSeededRandom(7) });
}

describe.each(EVICTION_POLICY_NAMES)("eviction policy %s", (name) => {
  it("chooses stored entries only, keeps its structure, and can be drained", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (capacityCount, list) => {
        const driver = new PolicyDriver(
          createPolicy(name, capacityCount),
          capacityCount,
          REFERENCES[name]?.(capacityCount),
        );
        for (const step of list) driver.step(step);
        driver.drain();
      }),
      { numRuns: 60 },
    );
  });

  it("keeps its structure when the capacity changes and when it is cleared", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 8 }), (list, capacities) => {
        const policy = createPolicy(name, 20);
        const driver = new PolicyDriver(policy, 20, undefined);
        for (const [index, step] of list.entries()) {
          driver.step(step);
          const capacityCount = capacities[index];
          if (capacityCount !== undefined) policy.resize(capacityCount);
          policy.checkInvariants();
        }
        policy.clear();
        policy.checkInvariants();
        expect(policy.victim()).toBe(NO_SLOT);
      }),
      { numRuns: 20 },
    );
  });
});
