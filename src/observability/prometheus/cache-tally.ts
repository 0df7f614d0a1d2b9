import type { Cache } from "../../cache/cache.ts";
import type { CacheEventMap, CacheEventName } from "../../events/cache-events.ts";
import { CALL_OUTCOMES, type CallOutcome } from "../../events/call-outcome.ts";
import { DurationHistogram } from "./duration-histogram.ts";
import { LabelledCounts, LabelledTallies } from "./labelled-tallies.ts";

/** Calls of one operation. */
export interface OperationTally {
  /** In the order of {@link CALL_OUTCOMES}. */
  readonly counts: Float64Array;
  readonly durations: DurationHistogram;
}

const PLACE_OF_OUTCOME: Readonly<Record<CallOutcome, number>> = Object.fromEntries(
  CALL_OUTCOMES.map((outcome, place) => [outcome, place]),
) as Record<CallOutcome, number>;

/**
 * Counts what a cache tells of by events and does not count itself. `hit`, `miss`, `set`, `delete`, `remove` and `stale` are not listened to: the cache counts those by plain
 * numbers, and a listener would make it build an event for each.
 */
export class CacheTally {
  /** By operation. */
  readonly operations: LabelledTallies<OperationTally> = new LabelledTallies(() => ({
    counts: new Float64Array(CALL_OUTCOMES.length),
    durations: new DurationHistogram(),
  }));
  /** By outcome; the durations of all are the loads. */
  readonly loads: LabelledTallies<DurationHistogram> = new LabelledTallies(() => new DurationHistogram());
  readonly probeDurations: DurationHistogram = new DurationHistogram();
  /** Failures that callers were not told of, by operation. */
  readonly absorbedErrors: LabelledCounts = new LabelledCounts();
  /** By state. */
  readonly breakerChanges: LabelledCounts = new LabelledCounts();
  /** By state. */
  readonly connectionChanges: LabelledCounts = new LabelledCounts();
  /** By reason. */
  readonly unreadableValues: LabelledCounts = new LabelledCounts();
  /** By reason. */
  readonly lostWrites: LabelledCounts = new LabelledCounts();
  refusedEntryCount = 0;
  warningCount = 0;

  /** Begins to count. @returns a function that ends it */
  attach(cache: Cache): () => void {
    const offs: (() => void)[] = [];
    const count = <Name extends CacheEventName>(name: Name, listener: (event: CacheEventMap[Name]) => void): void => {
      offs.push(cache.on(name, listener));
    };
    count("operation", (event) => this.#countOperation(event));
    count("load", ({ outcome, durationMs, origin }) => this.loads.at(outcome).observe(durationMs, origin));
    count("error", ({ operation }) => this.absorbedErrors.add(operation));
    count("probe", ({ durationMs }) => this.probeDurations.observe(durationMs));
    count("breaker", ({ state }) => this.breakerChanges.add(state));
    count("connection", ({ state }) => this.connectionChanges.add(state));
    count("unreadable", ({ reason }) => this.unreadableValues.add(reason));
    count("unwritten", ({ reason, setCount, deleteCount }) => this.lostWrites.add(reason, setCount + deleteCount));
    count("refuse", () => {
      this.refusedEntryCount += 1;
    });
    count("warning", () => {
      this.warningCount += 1;
    });
    return () => {
      for (const off of offs.splice(0)) off();
    };
  }

  #countOperation({ operation, outcome, durationMs, origin }: CacheEventMap["operation"]): void {
    const { counts, durations } = this.operations.at(operation);
    const place = PLACE_OF_OUTCOME[outcome];
    counts[place] = (counts[place] as number) + 1;
    durations.observe(durationMs, origin);
  }
}
