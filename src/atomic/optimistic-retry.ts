import type { StoredEntry } from "../backend/stored-entry.ts";
import { pause, waitWithin } from "../foundation/deadline.ts";
import { TransactionConflictError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";

/** First upper bound of the pause between attempts; it doubles with each. */
const FIRST_PAUSE_MS = 1;
/** Largest upper bound of the pause. */
const LONGEST_PAUSE_MS = 100;

/** How to repeat what lost against another writer. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly signal: AbortSignal | undefined;
  readonly random: RandomSource;
  readonly scheduler: Scheduler;
  /** Remaining TTL of an entry, for writing it back unchanged. */
  readonly remainingTtlMs: (entry: StoredEntry) => number;
}

/**
 * Repeats an attempt until it returns something other than `undefined`, with full-jitter exponential pauses
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).
 *
 * @throws TransactionConflictError after `maxAttempts`
 */
export async function retryOptimistically<T>(
  operation: string,
  policy: RetryPolicy,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (count >= policy.maxAttempts) throw new TransactionConflictError(operation, count);
    const boundMs = Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS);
    await pause(boundMs * policy.random.next(), policy.scheduler, policy.signal);
  }
}

/** Runs the caller's function, but does not wait for it longer than the caller's signal allows. */
export function runCallerFunction<T>(call: () => T | Promise<T>, policy: RetryPolicy): Promise<T> {
  policy.signal?.throwIfAborted();
  const running = new Promise<T>((resolve) => resolve(call()));
  const { signal, scheduler } = policy;
  return waitWithin(running, { signal, timeoutMs: Number.POSITIVE_INFINITY, onTimeout: () => undefined, scheduler });
}
