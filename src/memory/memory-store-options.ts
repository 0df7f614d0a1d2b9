import type { StoreBounds } from "./capacity-estimate.ts";
import type { EvictionPolicyName } from "./eviction/eviction-policies.ts";
import type { EntryWeigher } from "./user-weigher.ts";

/** What a store is made with. */
export interface MemoryStoreOptions extends StoreBounds {
  readonly evictionPolicy: EvictionPolicyName;
  readonly cleanupIntervalMs: number;
  /** Weighs entries against `maxSizeBytes`. Asked for nothing while that is `Infinity`. */
  readonly weigh: EntryWeigher;
}
