import { backoffMs } from "../../foundation/backoff.ts";
import { type AppliedBatch, applyRows, codeOf } from "./apply-rows.ts";
import type { DrainResult } from "./outbox.ts";
import type { OutboxEvents } from "./outbox-events.ts";
import type { ResolvedOutboxOptions } from "./outbox-options.ts";
import type { ClaimedRow, OutboxTable } from "./outbox-table.ts";
import type { RelayCounters } from "./relay-counters.ts";

/** What a pass works with. */
export interface PassPorts {
  readonly options: ResolvedOutboxOptions;
  readonly table: OutboxTable;
  readonly events: OutboxEvents;
  readonly counters: RelayCounters;
}

/** What a pass did, and what it means for the next one. */
export interface PassResult extends DrainResult {
  /** When the first failed row is due again, in ms from now; `Infinity`: none failed. */
  readonly retryInMs: number;
  /** Whether the cache was found closed: no later pass can do anything. */
  readonly isCacheClosed: boolean;
}

/** Counts of a pass while it runs. */
interface Progress {
  appliedCount: number;
  failedCount: number;
  parkedCount: number;
  retryInMs: number;
  isCacheClosed: boolean;
}

/**
 * Takes what is due, batch after batch, applies it, and tells the database what became of it.
 *
 * A row is removed only after it was applied, so whatever ends between two steps, it is applied again:
 *
 * ```text
 * claim ── applied ──→ remove
 *   │         └ dies here: due again after the lease, applied twice
 *   ├──── failed ────→ due again after a pause that grows with its attempts
 *   ├──── hopeless ──→ set apart, told
 *   └ dies here: due again after the lease
 * ```
 *
 * Ends when a batch was not full, when nothing of a batch could be applied, and when the signal is aborted: then the batch is given back.
 *
 * @throws OutboxError `GCX_OUTBOX_DATABASE` when rows cannot be taken. Later failures are told as events, and what was done stands.
 */
export async function runPass(ports: PassPorts, signal: AbortSignal, isStopping: () => boolean): Promise<PassResult> {
  const { options, table } = ports;
  const progress: Progress = {
    appliedCount: 0,
    failedCount: 0,
    parkedCount: 0,
    retryInMs: Number.POSITIVE_INFINITY,
    isCacheClosed: false,
  };
  while (!isStopping()) {
    const rows = await table.claim(options.leaseMs, options.batchSize);
    if (rows.length === 0) break;
    const isGoingOn = await processBatch(ports, rows, signal, progress);
    if (!isGoingOn || rows.length < options.batchSize) break;
  }
  return progress;
}

/** @returns whether another batch may fare better */
async function processBatch(
  ports: PassPorts,
  rows: readonly ClaimedRow[],
  signal: AbortSignal,
  progress: Progress,
): Promise<boolean> {
  const startMs = performance.now();
  const batch = await applyRows(ports.options.cache, rows, signal);
  tellApplied(ports, batch, performance.now() - startMs);
  const areSettled = [
    await settle(ports, batch.applied, progress, (ids) => ports.table.acknowledge(ids)),
    await parkHopeless(ports, batch, progress),
    await postponeFailed(ports, batch, signal, progress),
  ];
  if (areSettled[0]) progress.appliedCount += batch.applied.length;
  return batch.applied.length > 0 && areSettled.every(Boolean);
}

function tellApplied({ events, counters }: PassPorts, batch: AppliedBatch, tookMs: number): void {
  const rowCount = batch.applied.length;
  if (rowCount === 0) return;
  const lagMs = Math.max(...batch.applied.map(({ ageMs }) => ageMs)) + tookMs;
  counters.appliedRowCount += rowCount;
  counters.lastLagMs = lagMs;
  events.emit("applied", { rowCount, keyCount: batch.keyCount, tagCount: batch.tagCount, lagMs });
}

async function parkHopeless(ports: PassPorts, { hopeless }: AppliedBatch, progress: Progress): Promise<boolean> {
  let isSettled = true;
  for (const { row, error } of hopeless) {
    const reason = error instanceof Error ? error.message : String(error);
    const isParked = await settle(ports, [row], progress, () => ports.table.park(row.id, reason));
    isSettled &&= isParked;
    if (!isParked) continue;
    progress.parkedCount += 1;
    ports.counters.parkedRowCount += 1;
    ports.events.emit("parked", { id: row.id, error });
  }
  return isSettled;
}

/** Rows of the same number of attempts pause for the same time, and together cost one statement. */
async function postponeFailed(
  ports: PassPorts,
  { failed }: AppliedBatch,
  signal: AbortSignal,
  progress: Progress,
): Promise<boolean> {
  const { options, events, counters, table } = ports;
  let isSettled = true;
  for (const attempts of new Set(failed.map(({ row }) => row.attempts))) {
    const group = failed.filter(({ row }) => row.attempts === attempts);
    const error = group[0]?.error;
    const isCacheClosed = codeOf(error) === "GCX_CACHE_CLOSED";
    progress.isCacheClosed ||= isCacheClosed;
    // Given back at once, to whoever is left: it was not the row that failed.
    const isGivenBack = signal.aborted || isCacheClosed;
    const bounds = { minMs: options.minRetryDelayMs, maxMs: options.maxRetryDelayMs };
    const delayMs = isGivenBack ? 0 : Math.ceil(backoffMs(attempts - 1, bounds, options.random));
    const rows = group.map(({ row }) => row);
    progress.failedCount += rows.length;
    progress.retryInMs = Math.min(progress.retryInMs, delayMs);
    counters.failureCount += 1;
    events.emit("failure", { stage: "apply", error, rowCount: rows.length, retryInMs: delayMs });
    const isPostponed = await settle(ports, rows, progress, (ids) => table.postpone(ids, delayMs));
    isSettled &&= isPostponed;
  }
  return isSettled;
}

/** Tells the database; when that fails, the rows come back by themselves at the end of their lease. @returns whether it was told */
async function settle(
  { options, events, counters }: PassPorts,
  rows: readonly ClaimedRow[],
  progress: Progress,
  tell: (ids: readonly string[]) => Promise<void>,
): Promise<boolean> {
  if (rows.length === 0) return true;
  try {
    await tell(rows.map(({ id }) => id));
    return true;
  } catch (error) {
    progress.retryInMs = Math.min(progress.retryInMs, options.leaseMs);
    counters.failureCount += 1;
    events.emit("failure", { stage: "settle", error, rowCount: rows.length, retryInMs: options.leaseMs });
    return false;
  }
}
