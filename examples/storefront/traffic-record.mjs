import { LatencyHistogram } from "./latency-histogram.mjs";

/** How much of the recent past the live numbers look at. */
const WINDOW_SECONDS = 10;
/** How many seconds of throughput are kept for the curve. */
const CURVE_SECONDS = 60;

/**
 * Latencies of one kind of request: since the last reset, and of the last ten seconds, in slots of one second.
 * Instants are ms since the start of the run and never go back.
 */
class LatencySeries {
  /** Everything since the start or the last reset. */
  whole = new LatencyHistogram();
  #slots = Array.from({ length: WINDOW_SECONDS }, () => ({ second: -1, histogram: new LatencyHistogram() }));

  reset() {
    this.whole.reset();
    for (const slot of this.#slots) slot.second = -1;
  }

  record(nowMs, latencyMs) {
    this.whole.record(latencyMs);
    const second = Math.floor(nowMs / 1_000);
    const slot = this.#slots[second % WINDOW_SECONDS];
    if (slot.second !== second) {
      slot.second = second;
      slot.histogram.reset();
    }
    slot.histogram.record(latencyMs);
  }

  /** One histogram of the last ten seconds. */
  recent(nowMs) {
    const recent = new LatencyHistogram();
    const oldestSecond = Math.floor(nowMs / 1_000) - WINDOW_SECONDS + 1;
    for (const { second, histogram } of this.#slots) if (second >= Math.max(0, oldestSecond)) recent.add(histogram);
    return recent;
  }
}

/** What the request generator has seen. Only counts: it neither asks for the time nor sends anything. */
export class TrafficRecord {
  /** Requests that went through the cache, misses included. */
  cached = new LatencySeries();
  /** Of those, the ones that found everything in the cache. */
  hits = new LatencySeries();
  /** Requests with `?cache=off`. */
  uncached = new LatencySeries();
  /** How many requests went through the cache since the start. */
  requestCount = 0;
  /** Requests without an answer, or with an unexpected one. */
  failureCount = 0;
  /** What the last failure was; undefined when there was none. */
  lastFailure;
  #perSecond = new Map();

  /** Counts an answered request of a visitor. */
  cachedRequest(nowMs, latencyMs, isHit) {
    this.requestCount += 1;
    this.cached.record(nowMs, latencyMs);
    if (isHit) this.hits.record(nowMs, latencyMs);
    const second = Math.floor(nowMs / 1_000);
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1);
    this.#perSecond.delete(second - CURVE_SECONDS - 1);
  }

  /** Counts an answered request that bypassed the cache. */
  uncachedRequest(nowMs, latencyMs) {
    this.uncached.record(nowMs, latencyMs);
  }

  /** Forgets the latencies so far, which were those of a cold cache; counts stay. */
  forgetLatencies() {
    for (const series of [this.cached, this.hits, this.uncached]) series.reset();
  }

  /** Counts a request that failed. */
  failure(error) {
    this.failureCount += 1;
    this.lastFailure = error instanceof Error ? error.message : String(error);
  }

  /** Requests of the last full seconds, oldest first, at most 60. */
  throughputCurve(nowMs) {
    const currentSecond = Math.floor(nowMs / 1_000);
    const first = Math.max(0, currentSecond - CURVE_SECONDS);
    return Array.from({ length: currentSecond - first }, (_, index) => this.#perSecond.get(first + index) ?? 0);
  }
}
