import { type EvictionPolicy, NO_SLOT } from "./eviction-policy.ts";

/**
 * Hands all entries of one policy to another, which has none: in the order in which the first would have evicted them, so that what was worth least still is. How often each was used is
 * forgotten. O(n), in one step.
 *
 * @returns the one that has them now
 */
export function movePolicy(from: EvictionPolicy, to: EvictionPolicy, hashOf: (slot: number) => number): EvictionPolicy {
  for (let slot = from.victim(); slot !== NO_SLOT; slot = from.victim()) {
    const hash = hashOf(slot);
    from.removed(slot, hash);
    to.inserted(slot, hash);
  }
  return to;
}
