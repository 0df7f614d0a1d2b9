import type { EvictionPolicy } from "../../../src/memory/eviction/eviction-policy.ts";

/** An eviction policy with arrays and no cleverness: what the real one has to agree with, victim by victim. */
export interface ReferencePolicy extends Omit<EvictionPolicy, "name" | "checkInvariants" | "replaced" | "removed"> {
  removed(slot: number): void;
}

/** The same list without a slot. */
export function without(slots: number[], slot: number): number[] {
  const position = slots.indexOf(slot);
  if (position >= 0) slots.splice(position, 1);
  return slots;
}
