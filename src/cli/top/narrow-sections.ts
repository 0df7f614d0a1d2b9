import { formatByteSize } from "../../foundation/byte-size.ts";
import { latency } from "../bench/bench-report.ts";
import { titleSection } from "./count-sections.ts";
import type { FrameSection, RenderSection } from "./frame-section.ts";
import { cell, count, type FrameLine, keyCell, percent, perSecond } from "./frame-text.ts";
import { hotKeyName } from "./live-sections.ts";
import { isWell, storeRows } from "./store-sections.ts";
import type { TopView } from "./top-view.ts";

const SHARE_COLUMNS = 8;
const MIN_NAME_COLUMNS = 8;

/** For windows that no table fits into: a line says one thing, the most telling ones first. */
export const NARROW_SECTIONS: readonly RenderSection[] = [
  titleSection,
  problems,
  counts,
  latencies,
  coherence,
  hotKeys,
];

/** Stores and breakers that are not well: nothing is more worth a line. */
function problems(view: TopView, columns: number): FrameSection {
  const ill = storeRows(view.sample).filter((row) => !isWell(row));
  const lines = ill.map(({ name, status, breaker }): FrameLine => {
    const states = [status, breaker === undefined || breaker === "closed" ? "" : `breaker ${breaker}`];
    const words = states.filter((word) => word !== "").join(", ");
    const room = Math.max(MIN_NAME_COLUMNS, columns - words.length - 1);
    return { text: `${cell(name, room).trimEnd()} ${words}`, colour: "red" };
  });
  return { lines, leastCount: lines.length };
}

function counts({ sample, rates }: TopView): FrameSection {
  const { stats } = sample;
  const lines = [
    `reads ${perSecond(rates?.reads)}  hits ${percent(rates?.hitRatio)}`,
    `sets ${perSecond(rates?.sets)}  evictions ${perSecond(rates?.evictions)}`,
    `keys ${count(stats.keyCount)}  memory ${formatByteSize(stats.memoryUsage)}`,
    `loads ${perSecond(rates?.loads)}  failed ${perSecond(rates?.loadFailures)}`,
  ];
  return { lines: lines.map((text) => ({ text })), leastCount: 3 };
}

/** Of all calls of the last second that had any. */
function latencies({ sample: { live } }: TopView): FrameSection {
  const summary = live?.second?.latency ?? live?.operations[0];
  if (summary === undefined || summary === null) return { lines: [], leastCount: 0 };
  const { p50Ms, p95Ms, p99Ms } = summary;
  return {
    lines: [{ text: `p50 ${latency(p50Ms)}  p95 ${latency(p95Ms)}  p99 ${latency(p99Ms)}` }],
    leastCount: 1,
  };
}

function coherence({ sample }: TopView): FrameSection {
  const status = sample.stats.coherence;
  if (status === undefined) return { lines: [], leastCount: 0 };
  const connected = status.peers.filter(({ state }) => state === "connected").length;
  const isWhole = status.isProvable && connected === status.peers.length;
  const text = `peers ${connected} of ${status.peers.length}${status.isProvable ? "" : ", copies unproven"}`;
  return { lines: [{ text, colour: isWhole ? undefined : "yellow" }], leastCount: 1 };
}

function hotKeys({ sample: { live } }: TopView, columns: number): FrameSection {
  const width = Math.max(0, columns - SHARE_COLUMNS - 4);
  const lines = (live?.hotKeys.keys ?? []).map((key) => ({
    text: `hot ${keyCell(hotKeyName(key), width)}${percent(key.ratio).padStart(SHARE_COLUMNS)}`,
  }));
  return { lines, leastCount: 1 };
}
