import type { LiveSecond } from "../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";

/** As long as the node remembers. */
const HISTORY_SECONDS = 300;

/** The seconds that a page knows after another document: the node's own, or one more. */
export function extendHistory(
  known: readonly LiveSecond[],
  { history, second }: NodeLiveDocument,
): readonly LiveSecond[] {
  if (history !== undefined) return history;
  if (second === null || second.at === known.at(-1)?.at) return known;
  return [...known, second].slice(-HISTORY_SECONDS);
}

/** A count of a second as a rate. */
export function perSecond(count: number, { durationMs }: LiveSecond): number {
  return (count * 1_000) / durationMs;
}

/** Hits among the reads of some seconds; `undefined` without reads. */
export function hitRatioOf(seconds: readonly LiveSecond[]): number | undefined {
  let hits = 0;
  let reads = 0;
  for (const second of seconds) {
    hits += second.hits;
    reads += second.hits + second.misses;
  }
  return reads === 0 ? undefined : hits / reads;
}
