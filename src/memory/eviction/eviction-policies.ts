import type { RandomSource } from "../../foundation/random-source.ts";
import type { EvictionPolicy, EvictionPolicyFactory } from "./eviction-policy.ts";
import { createFifoPolicy } from "./fifo.ts";
import { createLfuPolicy } from "./lfu.ts";
import { createLruPolicy } from "./lru.ts";
import { createRandomPolicy } from "./random.ts";
import { createS3FifoPolicy } from "./s3-fifo.ts";
import { createSievePolicy } from "./sieve.ts";
import { createWLirsPolicy } from "./w-lirs.ts";
import { createWTinyLfuPolicy } from "./w-tinylfu.ts";

/** The name of an eviction policy in the configuration. */
export type EvictionPolicyName = "w-lirs" | "w-tinylfu" | "s3-fifo" | "sieve" | "lru" | "lfu" | "fifo" | "random";

/** Every policy by its name, the default first. To add one: its file, its name above, and its line here (the compiler asks for it). */
const FACTORIES: Readonly<Record<EvictionPolicyName, EvictionPolicyFactory>> = {
  "w-lirs": createWLirsPolicy,
  "w-tinylfu": createWTinyLfuPolicy,
  "s3-fifo": createS3FifoPolicy,
  sieve: createSievePolicy,
  lru: createLruPolicy,
  lfu: createLfuPolicy,
  fifo: createFifoPolicy,
  random: createRandomPolicy,
};

/** All policy names, the default first. */
export const EVICTION_POLICY_NAMES: readonly EvictionPolicyName[] = Object.freeze(
  Object.keys(FACTORIES) as EvictionPolicyName[],
);

/** The factory of a policy. */
export function evictionPolicyFactory(name: EvictionPolicyName): EvictionPolicyFactory {
  return FACTORIES[name];
}

/** Makes policies of one store. `capacityCount`: how many entries it can hold, as far as known by then. */
export function policyMaker(
  random: RandomSource,
  capacityCount: () => number,
): (name: EvictionPolicyName) => EvictionPolicy {
  return (name) => evictionPolicyFactory(name)({ capacityCount: capacityCount(), random });
}
