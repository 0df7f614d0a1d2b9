import { assertKey } from "../entry/cache-key.ts";
import type { BatchLoader } from "../loading/loader.ts";
import { assertOptions, optionError } from "./assert-options.ts";
import type { BatchedLoad } from "./batched-load.ts";
import { KeyCollector } from "./key-collector.ts";
import { assertLoader, isPlainCall, resolveForLoads } from "./loads.ts";
import type { BatchedOptions } from "./options.ts";
import { peekLive } from "./reads.ts";
import { resolveWaitMs, signalOf } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

const DEFAULT_MAX_BATCH = 1_000;
const HIGHEST_MAX_BATCH = 100_000;

/** `Cache.batched`. What a local store has is returned at once and joins no batch. */
export function batchKeys<T>(
  scope: ViewScope,
  loader: BatchLoader<T>,
  options: BatchedOptions | undefined,
): BatchedLoad<T> {
  assertLoader(loader);
  assertOptions("batched", options);
  const { window, maxBatch = DEFAULT_MAX_BATCH, ...loading } = options ?? {};
  const resolved = resolveForLoads(scope, loading);
  const windowMs = resolveWindowMs(window, resolved.load.hardTimeoutMs);
  assertMaxBatch(maxBatch);
  const isPeekEnough = isPlainCall(scope, loading);
  const collector = new KeyCollector({ scope, loader, resolved, windowMs, maxBatch });
  return (key, callOptions) => {
    try {
      assertKey(key);
      const signal = signalOf(callOptions);
      scope.core.lifecycle.assertOpen();
      signal?.throwIfAborted();
      const value = isPeekEnough ? peekLive(scope, key) : undefined;
      return (value === undefined ? collector.ask(key, signal) : Promise.resolve(value)) as Promise<T | undefined>;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
}

function resolveWindowMs(window: BatchedOptions["window"], hardTimeoutMs: number): number {
  const windowMs = resolveWaitMs("window", window);
  if (windowMs < hardTimeoutMs && windowMs !== Number.POSITIVE_INFINITY) return windowMs;
  throw optionError("window", "window must have an end before the hard timeout: every call would have failed by then.");
}

function assertMaxBatch(maxBatch: unknown): void {
  if (Number.isInteger(maxBatch) && (maxBatch as number) >= 1 && (maxBatch as number) <= HIGHEST_MAX_BATCH) return;
  throw optionError("maxBatch", "maxBatch must be an integer from 1 to 100,000.");
}
