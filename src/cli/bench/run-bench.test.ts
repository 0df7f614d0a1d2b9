import { describe, expect, it } from "vitest";
import { createCache } from "../../create-cache.ts";
import { OutcomeUnknownError } from "../../foundation/errors.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { LocalTarget } from "../local-target.ts";
import { type BenchRun, type BenchSettings, fillKeys, removeKeys, runBench } from "./run-bench.ts";

const SETTINGS: BenchSettings = {
  ...{ clientCount: 3, pipelineCount: 1, durationMs: Number.POSITIVE_INFINITY, requestCount: 300 },
  ...{ valueBytes: 10, keyCount: 100, getRatio: 0.5, distribution: "uniform", ttlMs: 60_000 },
};

/** A target whose every first delete of a key is lost on its way. */
class LossyTarget extends LocalTarget {
  readonly #lost = new Set<string>();

  override async delete(key: string): Promise<boolean> {
    if (this.#lost.has(key)) return super.delete(key);
    this.#lost.add(key);
    throw new OutcomeUnknownError("node", "DELETE");
  }

  /** As a store whose `clear` only hides what it has. */
  override clear(): Promise<void> {
    return Promise.resolve();
  }
}

function runOn(target: LocalTarget, ended: AbortSignal = new AbortController().signal): BenchRun {
  return { target, settings: SETTINGS, random: createSeededRandom(1), ended, onProgress: async () => undefined };
}

describe("a benchmark's run", () => {
  it("removes what it wrote although answers get lost, and nothing else", async () => {
    const cache = createCache();
    await cache.set("mine", 1);
    const run = runOn(new LossyTarget(cache, "bench"));
    const filled = { count: 0 };
    await fillKeys(run, filled);
    expect(filled.count).toBe(100);
    await runBench(run);
    await removeKeys(run, filled);
    expect(cache.stats().keyCount).toBe(1);
    await cache.close();
  });

  it("stops filling in when it is interrupted, and knows how far it had come", async () => {
    const cache = createCache();
    const ending = new AbortController();
    const run = { ...runOn(new LocalTarget(cache, "bench"), ending.signal), onProgress: async () => ending.abort() };
    const filled = { count: 0 };
    await fillKeys(run, filled);
    expect(filled.count).toBe(64);
    expect((await runBench(run)).get.count).toBe(0);
    await removeKeys(run, filled);
    expect(cache.stats().keyCount).toBe(0);
    await cache.close();
  });

  it("lets others have their turn while a store in memory answers at once", async () => {
    const cache = createCache();
    const ending = new AbortController();
    const run = runOn(new LocalTarget(cache, "bench"), ending.signal);
    const timer = setTimeout(() => ending.abort(), 20);
    await runBench({ ...run, settings: { ...SETTINGS, requestCount: Number.POSITIVE_INFINITY } });
    clearTimeout(timer);
    expect(ending.signal.aborted).toBe(true);
    await cache.close();
  });
});
