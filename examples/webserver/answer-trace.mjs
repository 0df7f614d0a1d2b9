import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Finds out how each answer came about, from the cache's events: they are told while the call runs that they are about, so a store for the
 * asynchronous context leads back to the request. What a joined load brought is told where that load runs; therefore loads are counted by key.
 *
 * @typedef {{ goodLoads: ReadonlyMap<string, number>, hits: Set<string>, stale: Map<string, string>, loaded: Set<string> }} Trace
 */
export class AnswerTrace {
  #traces = new AsyncLocalStorage();
  /** Loads that brought something, by key: as many keys as there are products. */
  #goodLoads = new Map();

  /** @param {import("gocachex").Cache} cache */
  constructor(cache) {
    cache.on("hit", ({ key }) => this.#traces.getStore()?.hits.add(key));
    cache.on("stale", ({ key, reason }) => this.#traces.getStore()?.stale.set(key, reason));
    cache.on("load", ({ key, outcome }) => {
      if (outcome === "failed" || outcome === "timed-out" || outcome === "abandoned") return;
      this.#goodLoads.set(key, (this.#goodLoads.get(key) ?? 0) + 1);
    });
  }

  /**
   * Runs one request.
   *
   * @template T
   * @param {(trace: Trace) => Promise<T>} call
   */
  run(call) {
    const trace = { goodLoads: new Map(this.#goodLoads), hits: new Set(), stale: new Map(), loaded: new Set() };
    return this.#traces.run(trace, () => call(trace));
  }

  /**
   * How a key was answered, now that it is: `hit`, `stale (why)`, `loaded` by this request, or `joined`, a load that another request or process made.
   *
   * @param {Trace} trace
   * @param {string} key
   */
  describe(trace, key) {
    if (trace.hits.has(key)) return "hit";
    if (trace.stale.has(key)) return `stale (${trace.stale.get(key)})`;
    const hasLoaded = this.#goodLoads.get(key) !== trace.goodLoads.get(key);
    if (!hasLoaded) return "stale (revalidating)";
    return trace.loaded.has(key) ? "loaded" : "joined";
  }
}
