import { constants, PerformanceObserver } from "node:perf_hooks";

/** @typedef {{ kind: "minor" | "major" | "incremental" | "weak", startMs: number, durationMs: number }} GcPause */

/** @type {Record<number, GcPause["kind"]>} */
const kinds = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak",
};

/**
 * Notes every pause of the garbage collector, on the time line of `performance.now()`.
 *
 * @returns {{ stop: () => Promise<readonly GcPause[]> }} `stop` tells the pauses in the order of their start
 */
export function watchGc() {
  /** @type {GcPause[]} */
  const pauses = [];
  const note = (/** @type {any} */ entries) => {
    for (const { detail, startTime, duration } of entries) {
      pauses.push({ kind: kinds[detail.kind] ?? "major", startMs: startTime, durationMs: duration });
    }
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return {
    async stop() {
      // Entries arrive with the next turns of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 50));
      note(observer.takeRecords());
      observer.disconnect();
      return pauses.sort((a, b) => a.startMs - b.startMs);
    },
  };
}

/**
 * @param {readonly GcPause[]} pauses
 */
export function summarizeGc(pauses) {
  const of = (/** @type {readonly GcPause[]} */ some) => ({
    count: some.length,
    totalMs: some.reduce((total, { durationMs }) => total + durationMs, 0),
    maxMs: some.reduce((max, { durationMs }) => Math.max(max, durationMs), 0),
  });
  return {
    all: of(pauses),
    minor: of(pauses.filter(({ kind }) => kind === "minor")),
    major: of(pauses.filter(({ kind }) => kind !== "minor")),
  };
}
