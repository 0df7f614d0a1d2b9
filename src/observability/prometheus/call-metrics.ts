import { CALL_OUTCOMES, type CallOutcome } from "../../events/call-outcome.ts";
import type { AddValue, CacheSample, MetricRow } from "./metric-row.ts";

/** The operation of reads that memory answered in the step in which they were asked: of any method, a batch counts each key. */
export const DIRECT_READ_OPERATION = "read";

/** Calls to stores. */
export const CALL_METRICS: readonly MetricRow[] = [
  {
    name: "operations_total",
    type: "counter",
    help: "Calls to the store by how they ended; operation read: reads that memory answered at once.",
    labels: ["operation", "backend", "outcome"],
    unit: "none",
    source: "event `operation`; for `read`, plain counts of the cache",
    read: readOperations,
  },
  {
    name: "operation_duration_seconds",
    type: "histogram",
    help: "How long calls to the store took for who called, whatever the outcome. Reads that memory answers at once are not timed.",
    labels: ["operation", "backend"],
    unit: "seconds",
    source: "event `operation`",
    read: ({ observation, tally }, add) => {
      for (const [operation, { durations }] of tally.operations.entries()) {
        add(durations, operation, observation.backend);
      }
    },
  },
  {
    name: "errors_total",
    type: "counter",
    help: "Calls to the store that failed; those that their callers aborted are not among them.",
    labels: ["operation", "backend", "outcome"],
    unit: "none",
    source: "event `operation`",
    read: ({ observation, tally }, add) => {
      for (const [operation, { counts }] of tally.operations.entries()) {
        addOutcomes(counts, isFailure, (count, outcome) => add(count, operation, observation.backend, outcome));
      }
    },
  },
  {
    name: "absorbed_errors_total",
    type: "counter",
    help: "Failures of a store that callers were not told of, because there was an answer all the same.",
    labels: ["operation"],
    unit: "none",
    source: "event `error`",
    read: ({ tally }, add) => {
      for (const [operation, { value }] of tally.absorbedErrors.entries()) add(value, operation);
    },
  },
  {
    name: "active_connections",
    type: "gauge",
    help: "Connections to the servers of a tier that are open now.",
    labels: ["tier"],
    unit: "none",
    source: "`stats().tiers[].connections`",
    read: ({ stats }, add) => {
      for (const { name, connections } of stats.tiers) add(connections, name);
    },
  },
  {
    name: "connection_changes_total",
    type: "counter",
    help: "Connections to servers that came up (connected) or went away (lost).",
    labels: ["backend", "state"],
    unit: "none",
    source: "event `connection`",
    read: ({ observation, tally }, add) => {
      for (const [state, { value }] of tally.connectionChanges.entries()) add(value, observation.backend, state);
    },
  },
  {
    name: "breaker_changes_total",
    type: "counter",
    help: "Changes of the breakers of servers and of loads, by the state they went to.",
    labels: ["backend", "state"],
    unit: "none",
    source: "event `breaker`",
    read: ({ observation, tally }, add) => {
      for (const [state, { value }] of tally.breakerChanges.entries()) add(value, observation.backend, state);
    },
  },
  {
    name: "warnings_total",
    type: "counter",
    help: "Warnings that a store works with less than it should.",
    labels: [],
    unit: "none",
    source: "event `warning`",
    read: ({ tally }, add) => add(tally.warningCount),
  },
];

function readOperations({ observation, tally }: CacheSample, add: AddValue<number>): void {
  const { backend, nearTier, reads } = observation;
  for (const [operation, { counts }] of tally.operations.entries()) {
    addOutcomes(
      counts,
      () => true,
      (count, outcome) => add(count, operation, backend, outcome),
    );
  }
  if (nearTier !== undefined) add(reads.directHits + reads.directMisses, DIRECT_READ_OPERATION, nearTier, "ok");
}

function isFailure(outcome: CallOutcome): boolean {
  return outcome !== "ok" && outcome !== "aborted";
}

/** Outcomes that have not happened have no series, so that each operation has one or two and not seven. */
function addOutcomes(
  counts: Float64Array,
  isWanted: (outcome: CallOutcome) => boolean,
  add: (count: number, outcome: string) => void,
): void {
  for (const [place, outcome] of CALL_OUTCOMES.entries()) {
    const count = counts[place] as number;
    if (count > 0 && isWanted(outcome)) add(count, outcome);
  }
}
