import { grownLength, resizedSlotArray } from "../slot-array.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";

/**
 * Any entry leaves, each with the same probability. Slots stand densely in one array and a removed one is filled with
 * the last, so a draw is one array access. 8 bytes a slot.
 */
export function createRandomPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  const { random } = options;
  let members = new Int32Array(0);
  let positionOf = new Int32Array(0);
  let size = 0;
  return {
    name: "random",
    inserted(slot) {
      if (slot >= positionOf.length) {
        positionOf = resizedSlotArray(positionOf, grownLength(positionOf.length, slot));
        members = resizedSlotArray(members, positionOf.length);
      }
      members[size] = slot;
      positionOf[slot] = size;
      size += 1;
    },
    touched: () => undefined,
    removed(slot) {
      size -= 1;
      const position = positionOf[slot] as number;
      const last = members[size] as number;
      members[position] = last;
      positionOf[last] = position;
    },
    victim: () => (size === 0 ? NO_SLOT : (members[Math.floor(random.next() * size)] as number)),
    resize: () => undefined,
    clear() {
      size = 0;
    },
    checkInvariants() {
      for (let position = 0; position < size; position += 1) {
        const slot = members[position] as number;
        if (positionOf[slot] !== position)
          throw new Error(`random: slot ${slot} does not know its position ${position}`);
      }
    },
  };
}
