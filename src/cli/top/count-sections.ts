import { formatByteSize } from "../../foundation/byte-size.ts";
import { formatDuration } from "../../foundation/duration.ts";
import { latency } from "../bench/bench-report.ts";
import type { Colour } from "../printer.ts";
import type { FrameSection } from "./frame-section.ts";
import { count, type FrameLine, percent, perSecond, sides, spark } from "./frame-text.ts";
import type { TopRates, TopView } from "./top-view.ts";

/** What is not as it should be stands out; what is, does not. */
export const STATUS_COLOURS: Readonly<Record<string, Colour>> = {
  degraded: "yellow",
  down: "red",
  open: "red",
  "half-open": "yellow",
};

/** Columns before the line of reads. */
const NAME_COLUMNS = 24;

/** What is looked at, and how it is. */
export function titleSection({ target, sample, intervalMs, isPaused, outage }: TopView, columns: number): FrameSection {
  const { stats, health, latencyMs } = sample;
  const uptime = formatDuration(Math.floor(stats.uptime / 1_000) * 1_000);
  const keys = isPaused ? "paused, space goes on" : `every ${formatDuration(intervalMs)}, q quits`;
  const state: FrameLine =
    outage === undefined
      ? {
          text: `${health.status}, answers in ${latency(latencyMs)}`,
          colour: STATUS_COLOURS[health.status] ?? "green",
        }
      : { text: `no answer: ${outage}`, colour: "red" };
  const title = sides(`gocachex top  ${target}`, `up for ${uptime}  ${keys}`, columns);
  return { lines: [{ text: title, colour: "bold" }, state], leastCount: 2 };
}

/** What the cache does. */
export function countSection({ sample, rates, history }: TopView, columns: number): FrameSection {
  const { stats } = sample;
  const rate = (name: keyof TopRates): string => perSecond(rates?.[name]);
  const inAll = percent(stats.hits + stats.misses > 0 ? stats.hitRatio : undefined);
  const reads = spark(history, Math.max(0, columns - NAME_COLUMNS));
  const lines = [
    row("reads", rate("reads"), `hit ratio ${percent(rates?.hitRatio)} now, ${inAll} in all`),
    row("", "", reads),
    row("sets", rate("sets"), `deletes ${rate("deletes")}`),
    row("evictions", rate("evictions"), `${count(stats.evictions)} in all`),
    row(
      "loads",
      rate("loads"),
      `failed ${rate("loadFailures")}, ${count(stats.loadFailures)} of ${count(stats.loads)} in all; stale served ${rate("staleServed")}`,
    ),
    row("keys", count(stats.keyCount), `memory ${formatByteSize(stats.memoryUsage)}`),
  ];
  if (stats.pendingWrites !== undefined)
    lines.push(row("pending", count(stats.pendingWrites), "writes wait to be written behind"));
  return { lines: lines.map((text) => ({ text })), leastCount: lines.length };
}

function row(name: string, value: string, more: string): string {
  return `${name.padEnd(10)} ${value.padStart(11)}  ${more}`;
}
