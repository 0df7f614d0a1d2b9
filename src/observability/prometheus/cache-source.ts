import type { Cache } from "../../cache/cache.ts";
import { type CacheObservation, observeCache } from "../../cache/observe-cache.ts";
import { findTracesFor, type TraceApi } from "./active-trace.ts";
import { CacheTally } from "./cache-tally.ts";
import type { CacheSample } from "./metric-row.ts";

/** Value of the label `cache` for a cache without a namespace: to Prometheus an empty label is none. */
const UNNAMED_CACHE = "default";

/** A cache that is counted, for one registry or two, until it is closed. */
export class CacheSource {
  readonly #observation: CacheObservation;
  readonly #tally = new CacheTally();
  readonly #undo: (() => void)[] = [];
  #sample: CacheSample | undefined;
  #isClosed = false;

  /**
   * Counts from now on.
   *
   * @throws TypeError when it is no cache of this copy of the package
   */
  constructor(cache: Cache) {
    this.#observation = observeCache(cache);
    this.#undo.push(
      this.#tally.attach(cache),
      cache.on("close", () => this.close()),
    );
  }

  /** What the cache is called, before others of the same name are looked at. */
  get name(): string {
    return this.#observation.name === "" ? UNNAMED_CACHE : this.#observation.name;
  }

  /** From now on durations carry the trace of their callers, while `isWanted` says so. */
  findTraces(api: TraceApi, isWanted: () => boolean): void {
    this.onClose(findTracesFor(this.#observation.tracing, api, isWanted));
  }

  /** Adds what is to be undone at the end; at once where that has come while something was loaded. */
  onClose(undo: () => void): void {
    if (this.#isClosed) undo();
    else this.#undo.push(undo);
  }

  /** What is seen of the cache now. A registry asks all metrics in one step: they see the same, and the cache is asked once. */
  sample(): CacheSample {
    if (this.#sample !== undefined) return this.#sample;
    const sample = { observation: this.#observation, stats: this.#observation.stats(), tally: this.#tally };
    this.#sample = sample;
    queueMicrotask(() => {
      this.#sample = undefined;
    });
    return sample;
  }

  /** Ends counting and takes the cache out of its registries. Repeatable. */
  close(): void {
    this.#isClosed = true;
    for (const undo of this.#undo.splice(0)) undo();
  }
}
