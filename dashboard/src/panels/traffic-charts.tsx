import { useMemo } from "preact/hooks";
import type { LiveSecond } from "../../../src/observability/live/live-document.ts";
import { Chart, type Series } from "../chart.tsx";
import { hitRatioOf, perSecond } from "../history.ts";
import { formatBytes, formatDuration, formatRate } from "../number-format.ts";
import { Panel } from "../panel.tsx";

/** Over so many seconds a point of the hit ratio looks back: that of single seconds jumps where there are few reads. */
const RATIO_SECONDS = 5;

/** Marks at 4 KiB and 8 KiB, not at 4.88 KiB and 9.77 KiB. */
const BYTE_DISTANCES: readonly number[] = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** The last five minutes in lines. */
export function TrafficCharts({ history }: { readonly history: readonly LiveSecond[] }) {
  const { times, throughput, ratio, latency, memory } = useMemo(() => linesOf(history), [history]);
  return (
    <>
      <Panel id="throughput" title="Throughput">
        <Chart label="Throughput" times={times} series={throughput} />
      </Panel>
      <Panel id="hit-ratio" title="Hit ratio" note={`over ${RATIO_SECONDS} s`}>
        <Chart label="Hit ratio" times={times} series={ratio} max={1} />
      </Panel>
      <Panel id="latency" title="Latency of store calls" note="per second">
        <Chart label="Latency of store calls" times={times} series={latency} />
      </Panel>
      <Panel id="memory" title="Memory and evictions">
        <Chart label="Memory and evictions" times={times} series={memory} />
      </Panel>
    </>
  );
}

function linesOf(history: readonly LiveSecond[]) {
  const rateOf = (count: (second: LiveSecond) => number) => history.map((second) => perSecond(count(second), second));
  const line = (label: string, color: number, values: Series["values"], format: Series["format"]): Series => ({
    label,
    color: `--series-${color}`,
    values,
    format,
  });
  return {
    times: history.map(({ at }) => at / 1_000),
    throughput: [
      line(
        "Hits",
        1,
        rateOf(({ hits }) => hits),
        formatRate,
      ),
      line(
        "Misses",
        2,
        rateOf(({ misses }) => misses),
        formatRate,
      ),
      line(
        "Sets",
        3,
        rateOf(({ sets }) => sets),
        formatRate,
      ),
      line(
        "Loads",
        4,
        rateOf(({ loads }) => loads),
        formatRate,
      ),
    ],
    ratio: [
      line(
        "Hit ratio",
        1,
        history.map((_, index) => hitRatioOf(history.slice(Math.max(0, index + 1 - RATIO_SECONDS), index + 1)) ?? null),
        (value) => `${Math.round(value * 1_000) / 10} %`,
      ),
    ],
    latency: [
      line(
        "p50",
        1,
        history.map(({ latency }) => latency?.p50Ms ?? null),
        formatDuration,
      ),
      line(
        "p95",
        3,
        history.map(({ latency }) => latency?.p95Ms ?? null),
        formatDuration,
      ),
      line(
        "p99",
        2,
        history.map(({ latency }) => latency?.p99Ms ?? null),
        formatDuration,
      ),
    ],
    memory: [
      {
        ...line(
          "Memory",
          3,
          history.map(({ memoryUsage }) => memoryUsage),
          formatBytes,
        ),
        markDistances: BYTE_DISTANCES,
      },
      {
        ...line(
          "Evictions",
          2,
          rateOf(({ evictions }) => evictions),
          formatRate,
        ),
        isRight: true,
      },
    ],
  };
}
