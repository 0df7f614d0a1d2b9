import { formatBytes, formatCount, formatElapsed, formatMs, formatPercent, formatTimes } from "./number-format.mjs";
import { drawSparkline } from "./sparkline.mjs";

const CURVE_WIDTH = 40;
const LABEL_WIDTH = 15;
const METER_WIDTH = 24;

/**
 * The live view's lines, for a terminal of 80 × 24 or more. Pure: a snapshot in, text out.
 *
 * @param {import("./snapshot.mjs").Snapshot} snapshot
 * @param {{ bold: (text: string) => string, dim: (text: string) => string, good: (text: string) => string, bad: (text: string) => string }} paint
 * @returns {string[]} at most 23 lines of at most 80 visible characters
 */
export function renderFrame(snapshot, paint) {
  const { node, cached, hits, uncached } = snapshot;
  const row = (label, text) => `  ${paint.dim(label.padEnd(LABEL_WIDTH))}${text}`;
  const latency = (label, { p50Ms, p99Ms }) =>
    row(label, `p50 ${column(formatMs(p50Ms))}  p99 ${column(formatMs(p99Ms))}`);
  return [
    "",
    `  ${paint.bold("GoCacheX storefront")}   ${formatElapsed(snapshot.elapsedMs)}   ${paint.dim("Ctrl-C stops it")}`,
    "",
    row("requests/s", paint.bold(formatCount(snapshot.requestsPerSecond))),
    row("", drawSparkline(snapshot.throughputCurve, CURVE_WIDTH)),
    row("hit ratio", `${paint.bold(formatPercent(node?.hitRatio))}  ${meter(node?.hitRatio ?? 0)}`),
    row("", `${formatCount(node?.hits)} hits, ${formatCount(node?.misses)} misses`),
    "",
    latency("with cache", cached),
    latency("  pages hit", hits),
    latency("without cache", uncached),
    row("", paint.good(`${formatTimes(snapshot.speedup)} as fast with the cache`) + paint.dim("  (p50, last 10 s)")),
    "",
    row("cached", `${formatCount(node?.keyCount)} products in ${formatBytes(node?.memoryUsage)}`),
    row("stale reads", staleReads(snapshot, paint)),
    row("", `${formatCount(snapshot.overtakenLoadCount)} loads were overtaken by a price change`),
    row("failed", failures(snapshot, paint)),
    "",
    row("node", `${snapshot.origin}/`),
    row("storefront", `${snapshot.origin}/app/`),
    row("statistics", `${snapshot.origin}/v1/stats`),
  ];
}

function column(text) {
  return text.padStart(9);
}

function meter(ratio) {
  const filled = Math.round(ratio * METER_WIDTH);
  return "█".repeat(filled) + "░".repeat(METER_WIDTH - filled);
}

function staleReads({ staleReadCount, checkedReadCount, priceChangeCount }, paint) {
  const count = staleReadCount === 0 ? paint.good("0") : paint.bad(formatCount(staleReadCount));
  return `${count} of ${formatCount(checkedReadCount)} checked, ${formatCount(priceChangeCount)} price changes`;
}

function failures({ failureCount, lastFailure }, paint) {
  if (failureCount === 0) return "0 requests";
  return paint.bad(`${formatCount(failureCount)} requests, last: ${lastFailure}`.slice(0, 62));
}

/**
 * The same in one line, for logs and pipes.
 *
 * @param {import("./snapshot.mjs").Snapshot} snapshot
 * @returns {string}
 */
export function renderLine(snapshot) {
  const { node, cached, uncached } = snapshot;
  return [
    formatElapsed(snapshot.elapsedMs).padStart(5),
    `${formatCount(snapshot.requestsPerSecond).padStart(6)} requests/s`,
    `hit ratio ${formatPercent(node?.hitRatio)}`,
    `p50 ${formatMs(cached.p50Ms)} (hits ${formatMs(snapshot.hits.p50Ms)}, without cache ${formatMs(uncached.p50Ms)}, ${formatTimes(snapshot.speedup)})`,
    `p99 ${formatMs(cached.p99Ms)} (${formatMs(uncached.p99Ms)})`,
    `keys ${formatCount(node?.keyCount)} in ${formatBytes(node?.memoryUsage)}`,
    `stale reads ${snapshot.staleReadCount}`,
    ...(snapshot.failureCount === 0 ? [] : [`failed ${snapshot.failureCount}`]),
  ].join("  ");
}
