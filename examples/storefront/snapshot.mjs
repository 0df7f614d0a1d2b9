/**
 * Everything the views and the summary show, at one instant.
 *
 * @typedef {object} Snapshot
 * @property {string} origin where the node listens
 * @property {number} elapsedMs since the start of the run
 * @property {boolean} isWarm whether the warm-up is over; then latencies are of after it
 * @property {number} requestCount requests through the cache
 * @property {number} uncachedRequestCount
 * @property {number} requestsPerSecond in the last full second
 * @property {readonly number[]} throughputCurve requests in each of the last seconds
 * @property {Latency} cached pages read through the cache, misses included
 * @property {Latency} hits those of them that found everything in the cache
 * @property {Latency} uncached
 * @property {number | undefined} speedup p50 without the cache divided by p50 with it
 * @property {NodeStats | undefined} node undefined until the node has answered for the first time
 * @property {number} overtakenLoadCount loads that a price change overtook
 * @property {number} staleReadCount
 * @property {number} checkedReadCount
 * @property {number} priceChangeCount
 * @property {number} failureCount
 * @property {string | undefined} lastFailure
 */
/** @typedef {{ p50Ms: number | undefined, p99Ms: number | undefined }} Latency */
/** @typedef {{ hits: number, misses: number, hitRatio: number, keyCount: number, memoryUsage: number }} NodeStats */

/**
 * Takes a snapshot.
 *
 * @param {{
 *   origin: string,
 *   elapsedMs: number,
 *   record: import("./traffic-record.mjs").TrafficRecord,
 *   ledger: import("./price-ledger.mjs").PriceLedger,
 *   watcher: import("./node-watcher.mjs").NodeWatcher,
 *   warmUp: import("./warm-up.mjs").WarmUp,
 *   period: "recent" | "whole",
 * }} parts `period`: latencies of the last ten seconds, or of all since the warm-up
 * @returns {Snapshot}
 */
export function takeSnapshot({ origin, elapsedMs, record, ledger, watcher, warmUp, period }) {
  const cached = latencyOf(record.cached, elapsedMs, period);
  const hits = latencyOf(record.hits, elapsedMs, period);
  const uncached = latencyOf(record.uncached, elapsedMs, period);
  const throughputCurve = record.throughputCurve(elapsedMs);
  return {
    origin,
    elapsedMs,
    isWarm: warmUp.isOver,
    requestCount: record.requestCount,
    uncachedRequestCount: record.uncached.whole.count,
    requestsPerSecond: throughputCurve.at(-1) ?? 0,
    throughputCurve,
    cached,
    hits,
    uncached,
    speedup: cached.p50Ms === undefined || uncached.p50Ms === undefined ? undefined : uncached.p50Ms / cached.p50Ms,
    node: watcher.stats,
    overtakenLoadCount: watcher.overtakenLoadCount,
    staleReadCount: ledger.staleReadCount,
    checkedReadCount: ledger.checkedReadCount,
    priceChangeCount: ledger.changeCount,
    failureCount: record.failureCount,
    lastFailure: record.lastFailure,
  };
}

function latencyOf(series, elapsedMs, period) {
  const histogram = period === "whole" ? series.whole : series.recent(elapsedMs);
  return { p50Ms: histogram.percentileMs(0.5), p99Ms: histogram.percentileMs(0.99) };
}
