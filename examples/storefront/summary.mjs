import { formatBytes, formatCount, formatMs, formatPercent, formatTimes } from "./number-format.mjs";
import { WARM_UP_MS } from "./warm-up.mjs";

/**
 * What a run has shown, as text for the end of it.
 *
 * @param {import("./snapshot.mjs").Snapshot} snapshot of the whole run
 * @returns {string} several lines, with a line break at the end
 */
export function renderSummary(snapshot) {
  const { node, cached, hits, uncached } = snapshot;
  const seconds = snapshot.elapsedMs / 1_000;
  const rows = [
    [
      "requests",
      `${formatCount(snapshot.requestCount)} in ${seconds.toFixed(1)} s (${formatCount(snapshot.requestCount / seconds)}/s)`,
    ],
    [
      "hit ratio",
      `${formatPercent(node?.hitRatio)} of rows (${formatCount(node?.hits)} hit, ${formatCount(node?.misses)} missed; a page reads 4)`,
    ],
    ["with cache", `p50 ${formatMs(cached.p50Ms)}, p99 ${formatMs(cached.p99Ms)}`],
    ["  pages hit", `p50 ${formatMs(hits.p50Ms)}, p99 ${formatMs(hits.p99Ms)}`],
    [
      "without cache",
      `p50 ${formatMs(uncached.p50Ms)}, p99 ${formatMs(uncached.p99Ms)} (${formatCount(snapshot.uncachedRequestCount)} pages, every row searched in the file)`,
    ],
    ["speedup", `${formatTimes(snapshot.speedup)} (p50)`],
    ["cached", `${formatCount(node?.keyCount)} products in ${formatBytes(node?.memoryUsage)}`],
    [
      "price changes",
      `${formatCount(snapshot.priceChangeCount)}, ${formatCount(snapshot.overtakenLoadCount)} loads overtaken`,
    ],
    [
      "stale reads",
      `${snapshot.staleReadCount} of ${formatCount(snapshot.checkedReadCount)} reads of changed products`,
    ],
    ["failed", failures(snapshot)],
  ];
  return `\nSummary (${describeLatencies(snapshot)})\n${rows.map(([label, text]) => `  ${`${label}:`.padEnd(16)}${text}\n`).join("")}`;
}

function describeLatencies({ isWarm }) {
  return isWarm ? `latencies after the warm-up of ${WARM_UP_MS / 1_000} s` : "latencies while warming up";
}

function failures({ failureCount, lastFailure }) {
  return failureCount === 0 ? "0 requests" : `${formatCount(failureCount)} requests, last: ${lastFailure}`;
}
