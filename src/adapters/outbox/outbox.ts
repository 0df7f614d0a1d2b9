import type { Invalidation } from "./invalidation.ts";
import type { OutboxEventListener, OutboxEventName } from "./outbox-events.ts";

/** What a pass over the outbox did. */
export interface DrainResult {
  /** Rows that were applied and removed. */
  readonly appliedCount: number;
  /** Rows that failed and will be tried again. */
  readonly failedCount: number;
  /** Rows that cannot be applied and were set apart. */
  readonly parkedCount: number;
}

/** What is in the table. */
export interface OutboxBacklog {
  /** Rows that wait to be applied, those that a relay has just now included. */
  readonly pendingCount: number;
  /** Rows that were set apart because they cannot be applied. */
  readonly parkedCount: number;
  /** How long the oldest pending row has been there, in ms; 0 without one. */
  readonly oldestMs: number;
}

/** What this relay did since it was made. A snapshot; no I/O. */
export interface OutboxStats {
  /** Rows that were applied to the cache. */
  readonly appliedRowCount: number;
  /** Rows that were set apart. */
  readonly parkedRowCount: number;
  /** Failures of any stage: one for a failed claim, one for every group of rows that failed for one reason. */
  readonly failureCount: number;
  /** The lag of the last batch that was applied, in ms; 0 before. */
  readonly lastLagMs: number;
  /** Whether `start` was called and `close` was not. */
  readonly isRunning: boolean;
}

/**
 * Invalidations that a database keeps until the cache has taken them: recorded in the application's own transaction, applied after its commit,
 * removed once they were applied, again and again until then. `Connection` is what the database's driver calls a connection or transaction.
 */
export interface Outbox<Connection> extends AsyncDisposable {
  /** The table and its index, as SQL for a migration. Several statements, each ended by `;`; does nothing where they exist. */
  schemaSql(): string;

  /**
   * Records what the current transaction outdates. Once that commits, the invalidation will happen; when it rolls back, it will not. Call {@link Outbox.notify} after
   * the commit, or wait for the next poll.
   *
   * @param tx the connection that the transaction is open on
   * @throws InvalidArgumentError when keys, tags, prefix or namespace are wrong, or `tx` is a pool of pg; nothing was written then. The driver's own error when the statement fails: roll back.
   */
  record(tx: Connection, invalidation: Invalidation): Promise<void>;

  /** Begins to look for rows and apply them, and keeps the process alive until {@link Outbox.close}. Without effect when it has begun. @throws OutboxError `GCX_OUTBOX_CLOSED` */
  start(): void;

  /** Says that something was committed: the relay looks at once instead of at the next poll. Cheap, and many calls become one look. Without effect before `start`. */
  notify(): void;

  /**
   * Applies what is due now, batch after batch, and returns. For a scheduled job in place of `start`, and for tests.
   *
   * @throws OutboxError `GCX_OUTBOX_DATABASE` when rows cannot be taken, `GCX_OUTBOX_CLOSED`; the signal's reason. A failure of the cache is counted and told as an event.
   */
  drainOnce(options?: { readonly signal?: AbortSignal | undefined }): Promise<DrainResult>;

  /** Counts the rows in the table. O(rows). @throws OutboxError `GCX_OUTBOX_DATABASE` */
  backlog(): Promise<OutboxBacklog>;

  /** What this relay did so far. */
  stats(): OutboxStats;

  /** Listens to an event. @returns a function that stops listening */
  on<Name extends OutboxEventName>(event: Name, listener: OutboxEventListener<Name>): () => void;

  /**
   * Takes no more rows, waits up to `closeTimeout` for the batch that is being applied, then gives it back. Neither the cache nor the database is closed: close them
   * afterwards. Rows that are left are applied by another relay or after the next start. `record` goes on working. Repeatable.
   */
  close(): Promise<void>;
}
