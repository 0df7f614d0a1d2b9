import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { EVICTION_POLICY_NAMES, evictionPolicyFactory } from "./eviction-policies.ts";
import { NO_SLOT } from "./eviction-policy.ts";
import { movePolicy } from "./move-policy.ts";

const pairs = EVICTION_POLICY_NAMES.flatMap((from) => EVICTION_POLICY_NAMES.map((to) => [from, to] as const));

describe("entries that go from one policy to another", () => {
  it.each(pairs)("are all there: %s to %s", (fromName, toName) => {
    const random = createSeededRandom(7);
    const from = evictionPolicyFactory(fromName)({ capacityCount: 100, random });
    const hashOf = (slot: number): number => Math.imul(slot + 1, 0x9e37_79b1) >>> 0;
    for (let slot = 0; slot < 100; slot += 1) from.inserted(slot, hashOf(slot));
    for (let slot = 0; slot < 100; slot += 3) from.touched(slot, hashOf(slot));
    const to = movePolicy(from, evictionPolicyFactory(toName)({ capacityCount: 100, random }), hashOf);
    from.checkInvariants();
    to.checkInvariants();
    expect(from.victim()).toBe(NO_SLOT);
    const left = new Set<number>();
    for (let slot = to.victim(); slot !== NO_SLOT; slot = to.victim()) {
      left.add(slot);
      to.removed(slot, hashOf(slot));
    }
    expect(left.size).toBe(100);
  });
});
