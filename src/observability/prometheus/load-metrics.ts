import type { LoadOutcome } from "../../events/cache-events.ts";
import type { BreakerState } from "../../foundation/circuit-breaker.ts";
import type { MetricRow } from "./metric-row.ts";

const BREAKER_STATES: readonly BreakerState[] = ["closed", "half-open", "open"];

/** There from the start: `increase()` does not see a series begin, so the first failures would be missed. */
const SHOWN_OUTCOMES: readonly LoadOutcome[] = ["stored", "failed", "timed-out"];

/** `getOrSet` and its loaders. */
export const LOAD_METRICS: readonly MetricRow[] = [
  {
    name: "loads_total",
    type: "counter",
    help: "Loads by how they ended; found: another process had loaded it meanwhile.",
    labels: ["outcome"],
    unit: "none",
    source: "event `load`",
    read: ({ tally }, add) => {
      for (const outcome of SHOWN_OUTCOMES) add(0, outcome);
      for (const [outcome, durations] of tally.loads.entries()) add(durations.cumulativeCounts().at(-1), outcome);
    },
  },
  {
    name: "load_duration_seconds",
    type: "histogram",
    help: "How long loads took, from the decision to load until the result was stored or refused.",
    labels: ["outcome"],
    unit: "seconds",
    source: "event `load`",
    read: ({ tally }, add) => {
      for (const [outcome, durations] of tally.loads.entries()) add(durations, outcome);
    },
  },
  {
    name: "running_loads",
    type: "gauge",
    help: "Loads that run now.",
    labels: [],
    unit: "none",
    source: "the table of loads",
    read: ({ observation }, add) => add(observation.runningLoadCount()),
  },
  {
    name: "stale_served_total",
    type: "counter",
    help: "Answers with an entry whose TTL was over, which the caller allowed.",
    labels: [],
    unit: "none",
    source: "`stats().staleServed`",
    read: ({ stats }, add) => add(stats.staleServed),
  },
  {
    name: "breaker_state",
    type: "gauge",
    help: "1 for the state of the breaker that lets loads ask the store, 0 for the others.",
    labels: ["backend", "state"],
    unit: "none",
    source: "the breaker of loads",
    read: ({ observation }, add) => {
      const current = observation.breakerState();
      if (current === undefined) return;
      for (const state of BREAKER_STATES) add(state === current ? 1 : 0, observation.backend, state);
    },
  },
];
