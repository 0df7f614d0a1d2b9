import type { HealthCheck } from "../../cache/health.ts";
import type { TierStats } from "../../cache/stats.ts";
import { formatByteSize } from "../../foundation/byte-size.ts";
import { formatDuration } from "../../foundation/duration.ts";
import { latency } from "../bench/bench-report.ts";
import type { TerminalSize } from "../cli-io.ts";
import type { Colour } from "../printer.ts";
import type { TopRates, TopView } from "./top-view.ts";

/** A line of the screen: one colour a line keeps widths and differences simple. */
export interface FrameLine {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

const SPARKS = "▁▂▃▄▅▆▇█";
const STATUS_COLOURS: Readonly<Record<string, Colour>> = { degraded: "yellow", down: "red" };

/**
 * The screen for a view: at most as many lines as it has rows, none wider than its columns. What does not fit is left out from below, and the last line says so. Sections come in the order of what one
 * looks at first. Without control characters: names of stores and peers come from elsewhere.
 */
export function renderTop(view: TopView, { columns, rows }: TerminalSize): readonly FrameLine[] {
  const lines = [
    ...titleLines(view, columns),
    ...countLines(view, columns),
    ...healthLines(view.sample.health.checks),
    ...tierLines(view.sample.stats.tiers),
    ...coherenceLines(view),
  ].map(({ text, colour }) => ({ text: cutTo(text, columns), colour }));
  if (lines.length <= rows) return lines;
  const kept = lines.slice(0, Math.max(0, rows - 1));
  return [
    ...kept,
    { text: cutTo(`… ${lines.length - kept.length} more lines in a higher window`, columns), colour: "bold" },
  ];
}

function titleLines({ target, sample, intervalMs, outage, isPaused }: TopView, columns: number): FrameLine[] {
  const { stats, health, latencyMs } = sample;
  const uptime = formatDuration(Math.floor(stats.uptime / 1_000) * 1_000);
  const keys = isPaused ? "paused, space goes on" : `every ${formatDuration(intervalMs)}, q quits`;
  const state =
    outage === undefined
      ? {
          text: `${health.status}, answers in ${latency(latencyMs)}`,
          colour: STATUS_COLOURS[health.status] ?? ("green" as const),
        }
      : { text: `no answer: ${outage}`, colour: "red" as const };
  return [
    { text: sides(`gocachex top  ${target}`, `up for ${uptime}  ${keys}`, columns), colour: "bold" },
    state,
    { text: "" },
  ];
}

function countLines({ sample, rates, history }: TopView, columns: number): FrameLine[] {
  const { stats } = sample;
  const rate = (name: keyof TopRates): string => perSecond(rates?.[name]);
  const lines = [
    row(
      "reads",
      rate("reads"),
      `hit ratio ${percent(rates?.hitRatio)} now, ${percent(stats.hits + stats.misses > 0 ? stats.hitRatio : undefined)} in all`,
    ),
    row("", "", spark(history, Math.max(0, columns - 24))),
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
  return [...lines.map((text) => ({ text })), { text: "" }];
}

function healthLines(checks: readonly HealthCheck[]): FrameLine[] {
  const rows = checks.map(({ name, status, latencyMs, message }) => ({
    text: `${cell(name, 30)} ${cell(status, 9)} ${latency(latencyMs).padStart(9)}  ${message ?? ""}`,
    colour: STATUS_COLOURS[status],
  }));
  return [
    { text: `${cell("store", 30)} ${cell("status", 9)} ${"latency".padStart(9)}`, colour: "bold" },
    ...rows,
    { text: "" },
  ];
}

function tierLines(tiers: readonly TierStats[]): FrameLine[] {
  const rows = tiers.map(({ name, keyCount, memoryUsage, evictions, connections, copies }) => {
    const kept =
      copies === undefined
        ? ""
        : `hits ${count(copies.hits)}, misses ${count(copies.misses)}, unproven ${count(copies.unproven)}`;
    const numbers = [keyCount, evictions, connections].map((value) => (value === undefined ? "-" : count(value)));
    const [keys = "", evicted = "", open = ""] = numbers;
    const memory = memoryUsage === undefined ? "-" : formatByteSize(memoryUsage);
    return {
      text: `${cell(name, 16)} ${keys.padStart(12)} ${memory.padStart(10)} ${evicted.padStart(12)} ${open.padStart(12)}  ${kept}`,
    };
  });
  const head = `${cell("tier", 16)} ${"keys".padStart(12)} ${"memory".padStart(10)} ${"evictions".padStart(12)} ${"connections".padStart(12)}`;
  return [{ text: head, colour: "bold" }, ...rows, { text: "" }];
}

function coherenceLines({ sample, rates }: TopView): FrameLine[] {
  const status = sample.stats.coherence;
  if (status === undefined) return [];
  const { isProvable, maxStalenessMs, probeAgeMs, probes, probeFailures, gaps, repairs, peers } = status;
  const age = probeAgeMs === undefined ? "none" : `${latency(probeAgeMs)} ago`;
  const lines: FrameLine[] = [
    { text: "coherence", colour: "bold" },
    {
      text: `copies are ${isProvable ? "" : "not "}proven current; nothing older than ${latency(maxStalenessMs)} is served`,
      colour: isProvable ? undefined : "yellow",
    },
    {
      text: `probe ${age}, ${count(probes)} answered, ${count(probeFailures)} not; gaps ${count(gaps)}, repairs ${count(repairs)}`,
    },
    { text: `messages sent ${perSecond(rates?.messagesSent)}, received ${perSecond(rates?.messagesReceived)}` },
  ];
  for (const { address, transport, state, silentMs, queuedCount } of peers) {
    lines.push({
      text: `${cell(address, 30)} ${cell(transport, 9)} ${cell(state, 11)} silent ${Number.isFinite(silentMs) ? latency(silentMs) : "always"}, ${count(queuedCount)} queued`,
      colour: state === "connected" ? undefined : "yellow",
    });
  }
  return [...lines, { text: "" }];
}

function row(name: string, value: string, more: string): string {
  return `${name.padEnd(10)} ${value.padStart(11)}  ${more}`;
}

/** One column a sample, the newest at the right; as high as the highest of them. */
export function spark(values: readonly number[], columns: number): string {
  const shown = columns <= 0 ? [] : values.slice(-columns);
  const highest = Math.max(...shown, 0);
  if (highest === 0) return "";
  return shown
    .map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / highest) * SPARKS.length))])
    .join("");
}

/** Two texts at both sides; the right one goes when there is no room for both. */
function sides(left: string, right: string, columns: number): string {
  const room = columns - left.length - right.length;
  return room < 2 ? left : `${left}${" ".repeat(room)}${right}`;
}

/** As many columns as the text has characters, but of the last one that fits. */
function cutTo(text: string, columns: number): string {
  const visible = text.replace(/\p{Cc}/gu, "?").trimEnd();
  return visible.length <= columns ? visible : `${visible.slice(0, Math.max(0, columns - 1))}…`;
}

/** Exactly as wide; what is too long loses its beginning: of addresses the end tells them apart. */
function cell(text: string, columns: number): string {
  return text.length > columns ? `…${text.slice(text.length - columns + 1)}` : text.padEnd(columns);
}

function percent(ratio: number | undefined): string {
  return ratio === undefined ? "-" : `${(ratio * 100).toFixed(1)} %`;
}

function perSecond(rate: number | undefined): string {
  if (rate === undefined) return "-";
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate)}/s`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
