import { optionError } from "../../cache/assert-options.ts";
import { waitWithin } from "../../foundation/deadline.ts";
import type { OutboxExecute } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import { checkInvalidation, type Invalidation } from "./invalidation.ts";
import type { DrainResult, Outbox, OutboxBacklog, OutboxStats } from "./outbox.ts";
import { OutboxError } from "./outbox-error.ts";
import { OUTBOX_EVENT_NAMES, type OutboxEventListener, type OutboxEventName, OutboxEvents } from "./outbox-events.ts";
import type { ResolvedOutboxOptions } from "./outbox-options.ts";
import { OutboxTable } from "./outbox-table.ts";
import { encodePayloads } from "./payload.ts";
import { createPostgresDialect } from "./postgres-dialect.ts";
import { Relay } from "./relay.ts";
import type { RelayCounters } from "./relay-counters.ts";
import { type PassPorts, type PassResult, runPass } from "./relay-pass.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";

/** The database that an outbox is in. */
export interface DatabasePort<Connection> {
  /** What the relay uses. */
  readonly database: Connection;
  /** Runs a statement on a connection. */
  readonly execute: OutboxExecute<Connection>;
  /** Whether a transaction is open on the relay's connection, so that its statements would fall into it. */
  isBusy(): boolean;
  /** Whether what the application gave as its transaction is no single connection, so that the transaction is on another one. */
  isShared(tx: Connection): boolean;
}

/** How long `close` waits for what it aborted to give its rows back. */
const GIVE_BACK_MS = 1_000;

/** The outbox of {@link createOutbox}: the statements of its dialect, and a relay once it was started. */
export class DatabaseOutbox<Connection> implements Outbox<Connection> {
  readonly #options: ResolvedOutboxOptions;
  readonly #port: DatabasePort<Connection>;
  readonly #dialect: Dialect;
  readonly #table: OutboxTable;
  readonly #events: OutboxEvents = new OutboxEvents();
  readonly #counters: RelayCounters = { appliedRowCount: 0, parkedRowCount: 0, failureCount: 0, lastLagMs: 0 };
  readonly #closing: AbortController = new AbortController();
  /** Passes and the loop, to be waited for by `close`. */
  readonly #running = new Set<Promise<unknown>>();
  #relay: Relay | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedOutboxOptions, port: DatabasePort<Connection>) {
    this.#options = options;
    this.#port = port;
    const create = options.dialect === "postgres" ? createPostgresDialect : createSqliteDialect;
    this.#dialect = create(options.table, options.index);
    this.#table = new OutboxTable(this.#dialect, (sql, params) => {
      // In the same turn as the statement of a synchronous driver, so no transaction can begin in between.
      if (port.isBusy()) throw new Error("A transaction is open on the relay's connection. Give it one of its own.");
      return port.execute(port.database, sql, params);
    });
  }

  schemaSql(): string {
    return this.#dialect.schemaSql;
  }

  async record(tx: Connection, invalidation: Invalidation): Promise<void> {
    const payloads = encodePayloads(checkInvalidation(invalidation));
    if (this.#port.isShared(tx)) {
      throw optionError("tx", "record needs the connection that the transaction is open on, not the pool.");
    }
    const { recordSql, notifySql } = this.#dialect;
    for (const payload of payloads) await this.#port.execute(tx, recordSql, [payload]);
    const { notifyChannel } = this.#options;
    if (notifySql !== undefined && notifyChannel !== undefined)
      await this.#port.execute(tx, notifySql, [notifyChannel]);
  }

  start(): void {
    this.#assertOpen();
    if (this.#relay !== undefined) return;
    const relay = new Relay(this.#ports, {
      pass: () => this.#runPass(this.#closing.signal),
      nextDueMs: () => this.#table.nextDueMs(),
    });
    this.#relay = relay;
    this.#track(relay.run());
  }

  notify(): void {
    this.#relay?.notify();
  }

  async drainOnce({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<DrainResult> {
    this.#assertOpen();
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw optionError("signal", "signal must be an AbortSignal.");
    }
    signal?.throwIfAborted();
    const ending = signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
    const pass = this.#runPass(ending);
    this.#track(pass);
    const { appliedCount, failedCount, parkedCount } = await pass;
    signal?.throwIfAborted();
    return { appliedCount, failedCount, parkedCount };
  }

  backlog(): Promise<OutboxBacklog> {
    return this.#table.backlog();
  }

  stats(): OutboxStats {
    return { ...this.#counters, isRunning: this.#relay !== undefined && this.#closed === undefined };
  }

  on<Name extends OutboxEventName>(event: Name, listener: OutboxEventListener<Name>): () => void {
    if (!OUTBOX_EVENT_NAMES.has(event)) {
      throw optionError("event", `There is no such event. Known: ${[...OUTBOX_EVENT_NAMES].join(", ")}.`);
    }
    if (typeof listener !== "function") throw optionError("listener", "A listener must be a function.");
    return this.#events.on(event, listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #ports(): PassPorts {
    return { options: this.#options, table: this.#table, events: this.#events, counters: this.#counters };
  }

  #runPass(signal: AbortSignal): Promise<PassResult> {
    return runPass(this.#ports, signal, () => this.#closed !== undefined || signal.aborted);
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work);
    const forget = (): void => void this.#running.delete(work);
    work.then(forget, forget);
  }

  async #end(): Promise<void> {
    this.#relay?.stop();
    if (await this.#areDoneWithin(this.#options.closeTimeoutMs)) return;
    this.#closing.abort(new OutboxError("GCX_OUTBOX_CLOSED", "The outbox was closed while a batch was being applied."));
    await this.#areDoneWithin(GIVE_BACK_MS);
  }

  async #areDoneWithin(timeoutMs: number): Promise<boolean> {
    const { scheduler } = this.#options;
    const done = Promise.allSettled(this.#running).then(() => true);
    return await waitWithin(done, { timeoutMs, scheduler, onTimeout: () => undefined }).catch(() => false);
  }

  #assertOpen(): void {
    if (this.#closed === undefined) return;
    throw new OutboxError("GCX_OUTBOX_CLOSED", "The outbox is closed. Create a new one with createOutbox().");
  }
}
