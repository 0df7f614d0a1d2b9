import { formatByteSize } from "../../foundation/byte-size.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { BenchResult, BenchSettings } from "./run-bench.ts";

const PERCENTILES: readonly (readonly [name: string, ratio: number])[] = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["p99.9", 0.999],
];

/** The result as a document: latencies in ms. */
export function toBenchDocument(
  settings: BenchSettings,
  result: BenchResult,
  isInterrupted: boolean,
): Record<string, unknown> {
  const { clientCount, pipelineCount, valueBytes, keyCount, getRatio, distribution } = settings;
  const seconds = result.elapsedMs / 1_000;
  return {
    settings: {
      clients: clientCount,
      pipeline: pipelineCount,
      valueBytes,
      keys: keyCount,
      ratio: getRatio,
      distribution,
    },
    seconds: round(seconds),
    interrupted: isInterrupted,
    operations: Object.fromEntries(
      rowsOf(result).map(([name, histogram]) => [
        name,
        {
          count: histogram.count,
          perSecond: round(histogram.count / seconds),
          latencyMs: {
            mean: round(histogram.meanMs),
            ...Object.fromEntries(PERCENTILES.map(([label, ratio]) => [label, round(histogram.percentileMs(ratio))])),
            max: round(histogram.maxMs),
          },
        },
      ]),
    ),
    hitRatio: result.get.count === 0 ? null : round(result.hitCount / result.get.count),
    errors: Object.fromEntries(result.errors),
  };
}

/** The result for people. */
export function toBenchText(settings: BenchSettings, result: BenchResult, isInterrupted: boolean): string {
  const { clientCount, pipelineCount, valueBytes, keyCount, getRatio, distribution } = settings;
  const seconds = result.elapsedMs / 1_000;
  const calls = pipelineCount === 1 ? "" : ` with ${pipelineCount} calls each`;
  const rows = rowsOf(result).map(([name, histogram]) => [
    name,
    count(histogram.count),
    count(histogram.count / seconds),
    ...PERCENTILES.map(([, ratio]) => latency(histogram.percentileMs(ratio))),
    latency(histogram.maxMs),
  ]);
  const lines = [
    `${count(clientCount)} clients${calls}, values of ${formatByteSize(valueBytes)}, ${count(keyCount)} keys (${distribution}), ${Number((getRatio * 100).toFixed(1))} % gets, ${seconds.toFixed(1)} s${isInterrupted ? " (interrupted)" : ""}`,
    "",
    ...aligned([["", "requests", "per second", ...PERCENTILES.map(([label]) => label), "max"], ...rows]),
  ];
  if (result.get.count > 0) lines.push("", `hits ${((result.hitCount / result.get.count) * 100).toFixed(1)} %`);
  for (const [code, errorCount] of result.errors) lines.push(`failed ${count(errorCount)} (${code})`);
  return lines.join("\n");
}

function rowsOf({ get, set }: BenchResult): readonly (readonly [string, LatencyHistogram])[] {
  const all = new LatencyHistogram();
  all.add(get);
  all.add(set);
  const used = (
    [
      ["get", get],
      ["set", set],
    ] as const
  ).filter(([, histogram]) => histogram.count > 0);
  return used.length === 1 ? used : [...used, ["all", all]];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join("  "),
  );
}

/** A latency in the unit that people say it in. */
export function latency(latencyMs: number): string {
  if (latencyMs >= 1_000) return `${(latencyMs / 1_000).toFixed(2)} s`;
  if (latencyMs >= 0.1) return `${latencyMs.toFixed(latencyMs >= 10 ? 1 : 2)} ms`;
  return `${(latencyMs * 1_000).toFixed(latencyMs >= 0.01 ? 0 : 1)} µs`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
