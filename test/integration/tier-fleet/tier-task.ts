import type { CacheConfig } from "../../../src/config/cache-config.ts";
import type { Routes } from "./reroute.ts";

/** What is wrong with a worker, to see that the checker notices. */
export type TierSabotage =
  /** Copies are served without a look at what probes found. */
  | "no-probes"
  /** Questions about copies are answered with "unchanged", whatever the store says. */
  | "blind-looks"
  /** What lies in the middle tier is served without its proof. */
  | "unproven-middle"
  /** Copies are stamped with what was heard of when the answer came, and not with what came with the answer. */
  | "late-stamp"
  /** Freshness counts from the answer. */
  | "fresh-from-reply"
  /** Answers become copies whatever was heard of while they were on their way. */
  | "no-tickets"
  /** Copies are served by a process that is not in the table of nodes. */
  | "no-membership"
  /** "Applied" is said first, and applied is later. */
  | "early-acks"
  /** What this process writes does not end its own copy. */
  | "own-writes-kept"
  /** Receipts are not looked at. */
  | "no-receipts"
  /** Nobody notices that the store's data is another. */
  | "no-lives"
  /** Increments whose outcome is unknown are sent again. */
  | "resent-increments";

/** What a worker is told, as JSON in its first argument. */
export interface TierTask {
  readonly process: number;
  readonly life: number;
  readonly seed: number;
  readonly config: CacheConfig;
  /** Where its connections go instead of the ports that it knows. */
  readonly routes: Routes;
  /** Origin of all instants, in ns of the machine's monotonic clock, as a decimal text. */
  readonly originNs: string;
  /** File that its log is written to. */
  readonly logFile: string;
  readonly keyCount: number;
  /** Whether the store gives every write a version and takes `increment` with an id. */
  readonly isRedis: boolean;
  readonly sabotage: TierSabotage | undefined;
}

/** What a process may hand to another one. */
export interface HandedReceipt {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly epoch: string;
  readonly from: number;
}

/** What a worker is told to do. */
export type TierOrder =
  /** Begin anew, with another cache that is spoilt so. */
  | { readonly do: "begin"; readonly sabotage: TierSabotage | undefined }
  | { readonly do: "write"; readonly key: string; readonly ack?: "all" | undefined }
  | { readonly do: "read"; readonly key: string }
  | { readonly do: "read after"; readonly receipt: HandedReceipt }
  /** Look at a copy for so long, also once more at the end. */
  | { readonly do: "watch"; readonly key: string; readonly ms: number }
  | { readonly do: "increment"; readonly key: string };

/** What became of it. */
export interface TierOrderResult {
  /** Of what was written; `undefined`: it failed. */
  readonly receipt?: HandedReceipt | undefined;
  readonly hasCopy?: boolean | undefined;
}

/** What a worker sends. */
export type TierWorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "receipt"; readonly receipt: HandedReceipt }
  | { readonly kind: "done"; readonly id: number; readonly result: TierOrderResult }
  | { readonly kind: "figures"; readonly figures: Readonly<Record<string, number>> };

/** What a worker is sent. */
export type TierParentMessage =
  | {
      readonly kind: "times";
      /** No faults and no changes from then on. */
      readonly endAt: number;
      /** Everything is read once more at this instant. */
      readonly settleAt: number;
    }
  | { readonly kind: "receipt"; readonly receipt: HandedReceipt }
  | { readonly kind: "order"; readonly id: number; readonly order: TierOrder };

/** A key of the run. */
export interface TierKey {
  readonly name: string;
  readonly tag: string;
}

const TAG_COUNT = 4;

/** Keys of a run, each with a tag that never changes. */
export function tierKeys(count: number): readonly TierKey[] {
  return Array.from({ length: count }, (_, index) => ({ name: `k${index}`, tag: `tag ${index % TAG_COUNT}` }));
}

/** Counters of a run. */
export const TIER_COUNTERS: readonly string[] = ["c0", "c1", "c2"];

/** Namespace of the keys, which is cleared at times. */
export const DATA_NAMESPACE = "data";

/** Namespace of the counters, which nothing ends but the loss of the store's data. */
export const COUNTER_NAMESPACE = "counters";
