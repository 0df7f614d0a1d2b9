import type { HotKey, LiveDocument } from "../../observability/live/live-document.ts";
import { latency } from "../bench/bench-report.ts";
import type { FrameSection } from "./frame-section.ts";
import { cell, count, type FrameLine, keyCell, percent, perSecond } from "./frame-text.ts";
import type { TopView } from "./top-view.ts";

const NOTHING: FrameSection = { lines: [], leastCount: 0 };
/** Calls a second, three percentiles, the longest and the failures, each with a space before. */
const NUMBER_COLUMNS = [10, 9, 9, 9, 9, 8];
const MIN_NAME_COLUMNS = 16;
const MAX_NAME_COLUMNS = 40;
/** Beyond this the numbers would stand too far from their keys to be read. */
const MAX_KEY_COLUMNS = 70;
const SHARE_COLUMNS = 18;

/** One kind of call, or loads. */
interface LatencyRow {
  readonly name: string;
  readonly perSecond: number | undefined;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errorCount: number | undefined;
}

/** How long calls to the store and loads took in the last minute. Reads that memory answers at once are no calls. */
export function latencySection({ sample: { live } }: TopView, columns: number): FrameSection {
  const rows = live === undefined ? [] : latencyRows(live);
  if (rows.length === 0) return NOTHING;
  const numbersWidth = NUMBER_COLUMNS.reduce((sum, width) => sum + width, 0);
  const nameColumns = Math.min(MAX_NAME_COLUMNS, Math.max(MIN_NAME_COLUMNS, columns - numbersWidth));
  const line = (name: string, numbers: readonly string[]): string =>
    cell(name, nameColumns) + numbers.map((text, index) => text.padStart(NUMBER_COLUMNS[index] as number)).join("");
  const head = line("calls, last minute", ["rate", "p50", "p95", "p99", "longest", "failed"]);
  return {
    lines: [
      { text: head, colour: "bold" },
      ...rows.map((row): FrameLine => {
        const times = [row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map(latency);
        const failed = row.errorCount === undefined ? "-" : count(row.errorCount);
        const isFailing = (row.errorCount ?? 0) > 0;
        return {
          text: line(row.name, [perSecond(row.perSecond), ...times, failed]),
          colour: isFailing ? "yellow" : undefined,
        };
      }),
    ],
    leastCount: 3,
    hasHead: true,
  };
}

function latencyRows({ operations, loads }: LiveDocument): readonly LatencyRow[] {
  const calls = operations.map((call) => ({ ...call, name: `${call.backend} ${call.operation}` }));
  if (loads.latency === null) return calls;
  return [...calls, { ...loads.latency, name: "loads", perSecond: undefined, errorCount: undefined }];
}

/** The keys that are read most; the node counts them while somebody watches. */
export function hotKeySection({ sample: { live } }: TopView, columns: number): FrameSection {
  const hot = live?.hotKeys;
  if (hot === undefined || hot.keys.length === 0) return NOTHING;
  const nameColumns = Math.min(MAX_KEY_COLUMNS, Math.max(MIN_NAME_COLUMNS, columns - SHARE_COLUMNS));
  const basis = hot.sampledOneIn > 1 ? `one of ${count(hot.sampledOneIn)} reads counted` : "all reads counted";
  const head = `${cell(`hot keys, ${basis}`, nameColumns)} ${"of reads".padStart(9)} ${"hits".padStart(7)}`;
  return {
    lines: [
      { text: head, colour: "bold" },
      ...hot.keys.map((key) => ({
        text: `${keyCell(hotKeyName(key), nameColumns)} ${percent(key.ratio).padStart(9)} ${percent(key.hitRatio).padStart(7)}`,
      })),
    ],
    leastCount: 3,
    hasHead: true,
  };
}

/** A key with its namespace, as `--namespace` takes it. */
export function hotKeyName({ key, namespace }: HotKey): string {
  return namespace === "" ? key : `${namespace} ${key}`;
}
