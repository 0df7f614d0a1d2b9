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
  const latency = (label, { p50Ms, p99Ms }, remark = "") =>
    row(label, `p50 ${column(formatMs(p50Ms))}  p99 ${column(formatMs(p99Ms))}${paint.dim(remark)}`);
  return [
    "",
    `  ${paint.bold("GoCacheX storefront")}   ${formatElapsed(snapshot.elapsedMs)}   ${paint.dim("Ctrl-C stops it")}`,
    "",
    row("requests/s", paint.bold(formatCount(snapshot.requestsPerSecond))),
    row("", drawSparkline(snapshot.throughputCurve, CURVE_WIDTH)),
    row("hit ratio", `${paint.bold(formatPercent(node?.hitRatio))}  ${meter(node?.hitRatio ?? 0)}`),
    row("", `${formatCount(node?.hits)} rows hit, ${formatCount(node?.misses)} missed; a page reads 4`),
    "",
    latency("with cache", cached),
    latency("  pages hit", hits),
    latency("without cache", uncached, "  every row searched in the file"),
    row("", speedup(snapshot, paint)),
    "",
    row("cached", `${formatCount(node?.keyCount)} products in ${formatBytes(node?.memoryUsage)}`),
    row("stale reads", staleReads(snapshot, paint)),
    row("price changes", priceChanges(snapshot)),
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

/** A cold cache says little about a warm one, so the first seconds are named for what they are. */
function speedup(snapshot, paint) {
  if (!snapshot.isWarm) return paint.bold("warming up: the cache began empty");
  return `${paint.good(`${formatTimes(snapshot.speedup)} as fast with the cache`)}${paint.dim("  (p50, last 10 s)")}`;
}

function priceChanges({ priceChangeCount, overtakenLoadCount }) {
  return `${formatCount(priceChangeCount)}, which overtook ${formatCount(overtakenLoadCount)} running loads`;
}

function staleReads({ staleReadCount, checkedReadCount }, paint) {
  const count = staleReadCount === 0 ? paint.good("0") : paint.bad(formatCount(staleReadCount));
  return `${count} of ${formatCount(checkedReadCount)} reads of changed products`;
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
    ...(snapshot.isWarm ? [] : ["warming up"]),
    ...(snapshot.failureCount === 0 ? [] : [`failed ${snapshot.failureCount}`]),
  ].join("  ");
}
