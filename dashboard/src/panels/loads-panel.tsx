import type { LiveSecond } from "../../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../../src/server/dashboard/live-streams.ts";
import { formatCount, formatDuration } from "../number-format.ts";
import { Badge, Facts, Panel } from "../panel.tsx";

const MINUTE_SECONDS = 60;

/** Calls of loaders, and what keeps them from asking a failing store. */
export function LoadsPanel(props: { readonly document: NodeLiveDocument; readonly history: readonly LiveSecond[] }) {
  const { loads, stats } = props.document;
  const { latency, breaker } = loads;
  const minute = props.history.slice(-MINUTE_SECONDS);
  const sum = (count: (second: LiveSecond) => number): string =>
    formatCount(minute.reduce((total, second) => total + count(second), 0));
  return (
    <Panel id="loads" title="Loads and breaker" note="last minute">
      <Facts
        facts={[
          ["Running now", formatCount(loads.runningCount)],
          ["Loader calls", sum((second) => second.loads)],
          ["Failed", sum((second) => second.loadFailures)],
          ["Answered with a stale value", sum((second) => second.staleServed)],
          ["Took, p50", formatDuration(latency?.p50Ms)],
          ["Took, p99", formatDuration(latency?.p99Ms)],
          ["Took, longest", formatDuration(latency?.maxMs)],
          [
            "Breaker of the store",
            breaker === null ? "none" : <Badge tone={breaker === "closed" ? "good" : "bad"}>{breaker}</Badge>,
          ],
          ["Since the start", `${formatCount(stats.loads)} calls, ${formatCount(stats.loadFailures)} failed`],
        ]}
      />
    </Panel>
  );
}
