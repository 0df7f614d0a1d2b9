import type { OperationContext } from "../../backend/backend.ts";
import { backoffMs } from "../../foundation/backoff.ts";
import { pause } from "../../foundation/deadline.ts";
import { BackendError } from "../../foundation/errors.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";

/** Writes that are tried before one gives up: each lost to another one, so something went on all the while. */
export const MAX_ATTEMPTS = 64;
/** Lengths of the pauses between attempts; the first is made at once. */
const PAUSE_BOUNDS = { minMs: 0, maxMs: 32 } as const;

/** What attempts are repeated with. */
export interface RetryParts {
  readonly name: string;
  readonly random: RandomSource;
  readonly scheduler: Scheduler;
}

/** Every attempt met other writers. Nothing was written. */
export function conflictError(name: string, operation: string): BackendError {
  const message = `${name}: "${operation}" met other writers of its key on each of ${MAX_ATTEMPTS} attempts; nothing was written. Write the key less often from so many processes, or spread it over several keys.`;
  return new BackendError("GCX_BACKEND_FAILED", name, operation, message);
}

/** Waits before attempt number `attempt` (1: the first repetition). Rejects with the signal's reason when nobody waits any more. */
export async function pauseBefore(
  attempt: number,
  { random, scheduler }: RetryParts,
  context: OperationContext = {},
): Promise<void> {
  if (context.isAbandoned !== false) context.signal?.throwIfAborted();
  // Somebody else's write has just ended; the next one has hardly begun.
  if (attempt <= 1) return;
  await pause(backoffMs(attempt - 2, PAUSE_BOUNDS, random), scheduler, context.signal);
}

/**
 * Repeats an attempt until it returns something.
 *
 * @throws BackendError `GCX_BACKEND_FAILED` after {@link MAX_ATTEMPTS}
 */
export async function retryConflicts<T>(
  operation: string,
  parts: RetryParts,
  context: OperationContext,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  for (let count = 1; count <= MAX_ATTEMPTS; count += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
    await pauseBefore(count, parts, context);
  }
  throw conflictError(parts.name, operation);
}

/** Waiting for others costs more than one deadline of the server: some turns of writers that each need two round trips. */
const PATIENCE_DEADLINES = 10;

/** How long a write may wait for others of its key in this process, in ms, with a server whose deadline is `timeoutMs`. */
export function patienceOf(timeoutMs: number): number {
  return timeoutMs * PATIENCE_DEADLINES;
}
