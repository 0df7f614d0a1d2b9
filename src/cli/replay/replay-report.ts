import { formatByteSize } from "../../foundation/byte-size.ts";
import { type LineChart, sizeLabel } from "../chart/line-chart.ts";
import { type CurveAdvice, capacityForRatio, findKnee } from "./curve-advice.ts";
import type { TraceFootprint } from "./footprint.ts";
import type { HitRatioCurve } from "./hit-ratio-curve.ts";
import type { CapacityUnit } from "./simulated-cache.ts";
import type { Trace } from "./trace.ts";

/** All that was found out about a trace. */
export interface ReplayResult {
  /** The trace's name. */
  readonly name: string;
  readonly trace: Pick<Trace, "format" | "skipped">;
  readonly footprint: TraceFootprint;
  readonly unit: CapacityUnit;
  readonly capacities: readonly number[];
  readonly sampleRatio: number;
  /** At least one. */
  readonly curves: readonly HitRatioCurve[];
  /** Entries or bytes that hold everything. */
  readonly everything: number;
}

/** What is said about a result, and of which policy. */
export interface ReplayAdvice extends CurveAdvice {
  readonly policy: string;
}

/** Where the curve of the first policy flattens: the default one, or what the user named first. */
export function adviceOf({ curves, capacities, everything }: ReplayResult): ReplayAdvice {
  const [first] = curves as readonly [HitRatioCurve];
  return { policy: first.policy, ...findKnee(capacities, first.hitRatios, everything) };
}

/** The share of requests that a cache of any size can answer: all but the first for each key. */
export function attainableRatio({ requestCount, distinctCount }: TraceFootprint): number {
  return Math.max(0, (requestCount - distinctCount) / requestCount);
}

/** The result as a document. */
export function toReplayDocument(result: ReplayResult): Record<string, unknown> {
  const { name, trace, footprint, unit, capacities, sampleRatio, curves } = result;
  const { capacity, hitRatio, doublingGain, policy } = adviceOf(result);
  return {
    trace: name,
    format: trace.format,
    ...{ requests: footprint.requestCount, distinctKeys: footprint.distinctCount },
    ...(unit === "bytes" ? { distinctBytes: footprint.distinctBytes } : {}),
    skippedLines: trace.skipped.count,
    attainableHitRatio: round(attainableRatio(footprint)),
    sampleRatio,
    unit,
    sizes: capacities,
    policies: curves.map((curve) => ({
      policy: curve.policy,
      hitRatios: curve.hitRatios.map(round),
      ...(unit === "bytes" ? { byteHitRatios: curve.byteHitRatios.map(round) } : {}),
    })),
    advice: {
      ...{ policy, size: capacity ?? null, hitRatio: round(hitRatio), doublingGain: round(doublingGain) },
      sizeForNineTenths: nearlyAllCapacity(result) ?? null,
    },
  };
}

/** The result for people: what was asked, a table, and the advice. */
export function toReplayText(result: ReplayResult): string {
  const { name, footprint, unit, sampleRatio, curves, capacities } = result;
  const keys = `${footprint.distinctCount.toLocaleString("en-US")} different keys`;
  const bytes = unit === "bytes" ? ` of ${formatByteSize(footprint.distinctBytes)} together` : "";
  const lines = [
    `${name}: ${footprint.requestCount.toLocaleString("en-US")} requests for ${keys}${bytes}`,
    `no cache can do better than ${percent(attainableRatio(footprint))}: the first request for each key is a miss`,
  ];
  if (sampleRatio < 1) lines.push(`from a sample of ${percent(sampleRatio)} of the keys, right within about a point`);
  lines.push("", ...ratioTable(capacities, curves, "hitRatios", unit));
  if (unit === "bytes")
    lines.push("", "bytes instead of requests:", ...ratioTable(capacities, curves, "byteHitRatios", unit));
  lines.push("", ...adviceLines(result));
  return lines.join("\n");
}

function ratioTable(
  capacities: readonly number[],
  curves: readonly HitRatioCurve[],
  what: "hitRatios" | "byteHitRatios",
  unit: CapacityUnit,
): string[] {
  const rows = [
    [unit === "bytes" ? "size" : "entries", ...curves.map(({ policy }) => policy)],
    ...capacities.map((capacity, index) => [
      sizeLabel(capacity, unit),
      ...curves.map((curve) => percent(curve[what][index] as number)),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] as number)).join("  "));
}

/** Most of what can be had, which is often much cheaper than all of it. */
const NEARLY_ALL = 0.9;

function adviceLines(result: ReplayResult): string[] {
  const { unit, capacities, everything, curves, footprint } = result;
  const { policy, capacity, hitRatio, doublingGain } = adviceOf(result);
  const amount = (size: number): string =>
    unit === "bytes" ? formatByteSize(size) : `${sizeLabel(size, unit)} entries`;
  const nearly = nearlyAllCapacity(result);
  const shortcut =
    nearly === undefined
      ? ""
      : ` ${percent(attainableRatio(footprint) * NEARLY_ALL)}, nine tenths of what any size can give, takes about ${amount(nearly)}.`;
  if (capacity === undefined)
    return [
      `With ${policy} the curve still rises at ${amount(capacities.at(-1) as number)} (${percent(hitRatio)}). Try larger --sizes, up to ${amount(everything)}, which hold everything.${shortcut}`,
    ];
  if (capacity >= everything)
    return [
      `With ${policy} the curve rises until everything fits: ${amount(capacity)}, ${percent((curves[0] as HitRatioCurve).hitRatios.at(-1) as number)}.${shortcut}`,
      configLine(result, nearly ?? capacity),
    ];
  return [
    `With ${policy} the curve flattens at ${amount(capacity)} (${percent(hitRatio)}): to double it brings ${points(doublingGain)} at most.${shortcut}`,
    configLine(result, capacity),
  ];
}

function nearlyAllCapacity({ capacities, curves, footprint }: ReplayResult): number | undefined {
  const { hitRatios } = curves[0] as HitRatioCurve;
  return capacityForRatio(capacities, hitRatios, attainableRatio(footprint) * NEARLY_ALL);
}

/** What to write into a configuration. */
function configLine({ unit, curves }: ReplayResult, capacity: number): string {
  const policy = (curves[0] as HitRatioCurve).policy;
  const bound = unit === "bytes" ? `"maxSize": ${capacity}` : `"maxKeys": ${capacity}`;
  return `{"memory": {${bound}, "evictionPolicy": "${policy}"}}`;
}

/** The result as a chart. */
export function toChart(result: ReplayResult, advice: ReplayAdvice): LineChart {
  const { name, footprint, unit, capacities, curves, sampleRatio, everything } = result;
  const sampled = sampleRatio < 1 ? `, from a sample of ${percent(sampleRatio)} of them` : "";
  return {
    title: `Hit ratio by cache size: ${name}`,
    subtitle: `${footprint.requestCount.toLocaleString("en-US")} requests for ${footprint.distinctCount.toLocaleString("en-US")} different keys${sampled}`,
    xTitle: unit === "bytes" ? "size of the cache (logarithmic)" : "entries in the cache (logarithmic)",
    yTitle: "hit ratio (share of requests)",
    xUnit: unit,
    lines: curves.map((curve) => ({
      name: curve.policy,
      isEmphasized: curve.policy === advice.policy,
      points: capacities.map((capacity, index) => [capacity, curve.hitRatios[index] as number] as const),
    })),
    mark:
      advice.capacity === undefined || advice.capacity >= everything
        ? undefined
        : { x: advice.capacity, label: `flattens at ${sizeLabel(advice.capacity, unit)}` },
  };
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function points(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} points`;
}

function round(ratio: number): number {
  return Number(ratio.toFixed(5));
}
