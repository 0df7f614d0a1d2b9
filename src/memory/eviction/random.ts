import type { RandomSource } from "../../foundation/random-source.ts";
import { Int32Pages } from "../slot-pages.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";

/**
 * Any entry leaves, each with the same probability. Slots stand densely in one list and a removed one is replaced by
 * the last, so a draw is one access. A read writes nothing. 8 bytes a slot, all O(1).
 */
export function createRandomPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  return new Random(options.random);
}

class Random implements EvictionPolicy {
  readonly name = "random";
  readonly #random: RandomSource;
  /** The taken slots in any order, at the positions below the size. */
  readonly #members = new Int32Pages();
  readonly #positionOf = new Int32Pages();
  #size = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  inserted(slot: number): void {
    this.#positionOf.ensure(slot);
    this.#members.ensure(this.#size);
    this.#members.set(this.#size, slot);
    this.#positionOf.set(slot, this.#size);
    this.#size += 1;
  }

  touched(): void {}

  removed(slot: number): void {
    this.#size -= 1;
    const position = this.#positionOf.get(slot);
    const last = this.#members.get(this.#size);
    this.#members.set(position, last);
    this.#positionOf.set(last, position);
  }

  replaced(slot: number): void {
    this.removed(slot);
    this.inserted(slot);
  }

  victim(): number {
    if (this.#size === 0) return NO_SLOT;
    return this.#members.get(Math.floor(this.#random.next() * this.#size));
  }

  resize(): void {}

  clear(): void {
    this.#size = 0;
    this.#members.clear();
    this.#positionOf.clear();
  }

  checkInvariants(): void {
    for (let position = 0; position < this.#size; position += 1) {
      const slot = this.#members.get(position);
      if (this.#positionOf.get(slot) !== position)
        throw new Error(`random: slot ${slot} does not know its position ${position}`);
    }
  }
}
