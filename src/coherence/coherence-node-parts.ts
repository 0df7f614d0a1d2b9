import type { Clock } from "../foundation/clock.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { FinishedProbe, ProbedTier } from "./probe-cycle.ts";
import type { FinishedLook, RevalidatedStore } from "./revalidation-cycle.ts";
import type { RevalidatedCopy } from "./used-copies.ts";

/** What happens to the copies of this process. Called in the step in which it was heard of; must not throw. */
export interface CopySink {
  /** Ends the copy of a key if its head is below this version. */
  dropOlder(key: string, version: number): void;
  /** Whether this is the copy that is there of a key. */
  holdsCopy(key: string, copy: RevalidatedCopy): boolean;
  /** Ends the copy of a key, if it is this one. */
  dropCopy(key: string, copy: RevalidatedCopy): void;
  /** Ends the copies that carry one of these tags. */
  dropTags(tags: readonly string[]): void;
  /** Ends the copies of a namespace and those inside it. */
  dropNamespace(path: string): void;
  /** Ends all copies. */
  dropAll(): void;
}

/** What a node is made of. */
export interface CoherenceNodeParts {
  /** Into how many shards keys fall. */
  readonly shardCount: number;
  /** The shard of a stored key. */
  readonly shardOf: (key: string) => number;
  /** Whether a stored key lies in a namespace, or in one inside it. */
  readonly isWithin: (key: string, path: string) => boolean;
  /** D: the longest that a copy may be served after it was last known to be current, in ms. */
  readonly maxStalenessMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly sink: CopySink;
  /** What the store can be asked; `undefined` where it has no heads. */
  readonly tier: ProbedTier | undefined;
  /** How a store without heads is asked about the copies that are read; `undefined`: not at all, so each copy is proven by its own read alone. Not looked at where it has heads. */
  readonly revalidation?: RevalidatedStore | undefined;
  readonly onProbed?: ((probe: FinishedProbe) => void) | undefined;
  /**
   * Changes of each shard that are remembered by what they concerned, a power of two, so that copies which lie outside this process can be proven: see `StoredProofs`. Needs `tier`. Default: 0,
   * there are no such copies.
   */
  readonly logLength?: number | undefined;
  /** Called with each answer to a question about copies. */
  readonly onLook?: ((look: FinishedLook) => void) | undefined;
}

/** What an answer says of the entry it found. */
export interface FoundVersion {
  readonly version: number;
  readonly tags: readonly string[];
}

/** What a node has counted since its start, and how its probes go. */
export interface CoherenceNodeStatus {
  /** Whether copies that are read can be proven. */
  readonly isProvable: boolean;
  /** How long ago the last answered probe was sent, in ms; `undefined` where nobody asks. */
  readonly probeAgeMs: number | undefined;
  readonly probes: number;
  readonly probeFailures: number;
  /** Times that a shard had changes of which nobody told in time: copies from before them are read again. Of a store without heads: copies that were found to be changed. */
  readonly repairs: number;
  /** Times that data was found to be another than before. */
  readonly epochChanges: number;
  /** Answers that did not become copies. */
  readonly refusedCopies: number;
}
