import type { FleetEvent } from "./fleet-event.ts";
import type { SourceChange } from "./fleet-source.ts";

/** What is taken away from a worker, to see that the checker notices. */
export type Sabotage =
  /** Results of loads are written as by `set`, whatever became of their token. */
  | "plain-fill"
  /** The source is read before the call that stores the result, as in a loader that returns what it knew already. */
  | "late-token"
  /** The cache is told first, and then the source is changed. */
  | "early-invalidation"
  /** Every process loads for itself. */
  | "lone-loads";

/** How a change is made known to the cache. */
export type Invalidation = "delete" | "deleteMulti" | "set" | "invalidateTags" | "deleteByPrefix" | "clear";

/** What a worker is told, as JSON in its first argument. */
export interface FleetTask {
  readonly process: number;
  readonly seed: number;
  readonly address: string;
  readonly durationMs: number;
  /** Origin of all instants, in ns of the machine's monotonic clock, as a decimal text. */
  readonly originNs: string;
  readonly keyCount: number;
  readonly invalidations: readonly Invalidation[];
  readonly sabotage: Sabotage | undefined;
}

/** What a worker sends. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "read"; readonly id: number; readonly key: string }
  | { readonly kind: "begin"; readonly id: number; readonly keys: readonly string[]; readonly isExclusive: boolean }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "events"; readonly events: readonly FleetEvent[] }
  /** Something that must not happen: an error, or a value of another key. */
  | { readonly kind: "surprise"; readonly text: string }
  | { readonly kind: "done" };

/** What a worker is sent. */
export type SourceMessage =
  | { readonly kind: "start"; readonly at: number }
  | { readonly kind: "generation"; readonly id: number; readonly generation: number }
  | { readonly kind: "change"; readonly id: number; readonly change: SourceChange };
