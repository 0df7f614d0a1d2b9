import { isOptionsObject } from "../../cache/assert-options.ts";
import type { Cache } from "../../cache/cache.ts";
import { type Duration, parseDuration } from "../../foundation/duration.ts";
import { ConfigError } from "../../foundation/errors.ts";
import { type RandomSource, systemRandom } from "../../foundation/random-source.ts";
import { type Scheduler, systemScheduler } from "../../foundation/scheduler.ts";
import type { OutboxExecute, PostgresConnection, SqliteConnection } from "./connection.ts";

/** What every outbox is told. Durations are ms or text such as `"5s"`. */
export interface OutboxOptions {
  /** Where invalidations are applied. Close the outbox before it. */
  readonly cache: Cache;
  /** The table: a lower-case name, or `schema.name`. All relays and writers of one outbox name the same. Default: `"gocachex_outbox"`. */
  readonly table?: string | undefined;
  /**
   * How often to look when nobody says {@link Outbox.notify}, 10 ms to 1 h; varied by a tenth, so that relays do not look in step. How late an invalidation may
   * come when the process that committed died before it could notify. Default: `"1s"`.
   */
  readonly pollInterval?: Duration | undefined;
  /** Most rows that are taken and applied together, 1 to 10,000; a row has up to 250 keys. Default: 100. */
  readonly batchSize?: number | undefined;
  /**
   * How long taken rows are kept from other relays, 1 s to 1 h. When a relay dies, its batch is applied by another after this time at the latest. When a batch takes longer, it may be
   * applied twice, which does no harm. Default: `"10s"`.
   */
  readonly lease?: Duration | undefined;
  /** Pause after a first failure, 1 ms to 1 h; the next ones grow twice as long up to `maxRetryDelay`, each varied at random. Default: `"100ms"`. */
  readonly minRetryDelay?: Duration | undefined;
  /** Longest pause between attempts, at least `minRetryDelay` and up to 1 h. How late an invalidation may come after the store is back. Default: `"10s"`. */
  readonly maxRetryDelay?: Duration | undefined;
  /** How long {@link Outbox.close} waits for the batch that is being applied, 0 to 1 h. Default: `"5s"`. */
  readonly closeTimeout?: Duration | undefined;
  /** Timers; tests pass one they move by hand. Default: the platform's. */
  readonly scheduler?: Scheduler | undefined;
  /** Chance for pauses; tests pass a seeded one. Default: the platform's. */
  readonly random?: RandomSource | undefined;
}

/** An outbox in PostgreSQL, through pg or what has the same `query`. */
export interface PostgresOutboxOptions extends OutboxOptions {
  /** PostgreSQL 10 and later. */
  readonly dialect: "postgres";
  /** What the relay uses: a pool, or a connection that the application does not open transactions on. */
  readonly database: PostgresConnection;
  /** For other drivers: see {@link CustomOutboxOptions}. */
  readonly execute?: undefined;
  /** A channel that {@link Outbox.record} notifies when its transaction commits, so that a relay that listens to it looks at once. Default: none. */
  readonly notifyChannel?: string | undefined;
}

/** An outbox in SQLite, through `node:sqlite`, better-sqlite3 or what has the same `prepare`. */
export interface SqliteOutboxOptions extends OutboxOptions {
  /** SQLite 3.35 and later. */
  readonly dialect: "sqlite";
  /** What the relay uses. A second connection is best: on one inside a transaction, the relay waits for its end. */
  readonly database: SqliteConnection;
  /** For other drivers: see {@link CustomOutboxOptions}. */
  readonly execute?: undefined;
  /** SQLite notifies nobody. */
  readonly notifyChannel?: undefined;
}

/** An outbox through any other driver or query builder. */
export interface CustomOutboxOptions<Connection> extends OutboxOptions {
  /** What the statements are written for. */
  readonly dialect: "postgres" | "sqlite";
  /** What the relay uses; statements on it must not fall into a transaction of the application. */
  readonly database: Connection;
  /** Runs a statement. */
  readonly execute: OutboxExecute<Connection>;
  /** As in {@link PostgresOutboxOptions}; PostgreSQL alone has it. */
  readonly notifyChannel?: string | undefined;
}

/** Options with every default filled in and every duration in ms. */
export interface ResolvedOutboxOptions {
  readonly cache: Cache;
  readonly dialect: "postgres" | "sqlite";
  /** Quoted name of the table. */
  readonly table: string;
  /** Quoted name of its index. */
  readonly index: string;
  readonly notifyChannel: string | undefined;
  readonly pollIntervalMs: number;
  readonly batchSize: number;
  readonly leaseMs: number;
  readonly minRetryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly closeTimeoutMs: number;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
}

type GivenOptions = { readonly [Name in keyof CustomOutboxOptions<unknown>]?: unknown };

const OPTION_NAMES: { readonly [Name in keyof Required<CustomOutboxOptions<unknown>>]: true } = {
  ...{ cache: true, dialect: true, database: true, execute: true, table: true, notifyChannel: true },
  ...{ pollInterval: true, batchSize: true, lease: true, minRetryDelay: true, maxRetryDelay: true },
  ...{ closeTimeout: true, scheduler: true, random: true },
};

const MAX_DURATION_MS = 3_600_000;
const MAX_BATCH_SIZE = 10_000;
/** A letter in front, and short enough for `_due` to follow within PostgreSQL's 63 bytes. */
const TABLE_NAME = /^(?:[a-z_][a-z0-9_]{0,57}\.)?[a-z_][a-z0-9_]{0,57}$/;
/** PostgreSQL takes names of up to 63 bytes. */
const MAX_CHANNEL_BYTES = 63;

/**
 * Checks options and fills in the defaults.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID`, `GCX_CONFIG_UNKNOWN_OPTION`, `GCX_CONFIG_UNSUPPORTED` naming the field
 */
export function resolveOutboxOptions(given: unknown): ResolvedOutboxOptions {
  if (!isOptionsObject(given)) throw invalid("", "createOutbox needs an object of options.");
  for (const name in given) {
    if ((OPTION_NAMES as Readonly<Record<string, true>>)[name] === true) continue;
    const message = `createOutbox has no option "${name}". It has: ${Object.keys(OPTION_NAMES).join(", ")}.`;
    throw new ConfigError("GCX_CONFIG_UNKNOWN_OPTION", name, message);
  }
  const options: GivenOptions = given;
  const dialect = resolveDialect(options.dialect);
  assertParts(options);
  const table = resolveTable(options.table);
  const minRetryDelayMs = resolveMs("minRetryDelay", options.minRetryDelay, 100, 1);
  const maxRetryDelayMs = resolveMs(
    "maxRetryDelay",
    options.maxRetryDelay,
    Math.max(10_000, minRetryDelayMs),
    minRetryDelayMs,
  );
  return Object.freeze({
    cache: options.cache as Cache,
    dialect,
    table: table.split(".").map(quote).join("."),
    index: indexName(dialect, table),
    notifyChannel: resolveChannel(dialect, options.notifyChannel),
    pollIntervalMs: resolveMs("pollInterval", options.pollInterval, 1_000, 10),
    batchSize: resolveBatchSize(options.batchSize),
    leaseMs: resolveMs("lease", options.lease, 10_000, 1_000),
    minRetryDelayMs,
    maxRetryDelayMs,
    closeTimeoutMs: resolveMs("closeTimeout", options.closeTimeout, 5_000, 0),
    scheduler: (options.scheduler as Scheduler | undefined) ?? systemScheduler,
    random: (options.random as RandomSource | undefined) ?? systemRandom,
  });
}

function resolveDialect(dialect: unknown): "postgres" | "sqlite" {
  if (dialect === "postgres" || dialect === "sqlite") return dialect;
  throw invalid("dialect", 'dialect must be "postgres" or "sqlite".');
}

function assertParts({ cache, database, dialect, execute }: GivenOptions): void {
  if (typeof (cache as Cache | undefined)?.deleteMulti !== "function") throw invalid("cache", "cache must be a Cache.");
  if (execute !== undefined && typeof execute !== "function") throw invalid("execute", "execute must be a function.");
  if (execute !== undefined && database !== undefined && database !== null) return;
  const method = dialect === "postgres" ? "query" : "prepare";
  if (typeof (database as Record<string, unknown> | null | undefined)?.[method] === "function") return;
  throw invalid(
    "database",
    `database must have "${method}", or options.execute must say how to run a statement on it.`,
  );
}

function resolveTable(table: unknown): string {
  if (table === undefined) return "gocachex_outbox";
  if (typeof table === "string" && TABLE_NAME.test(table)) return table;
  throw invalid("table", 'table must be a name of lower-case letters, digits and "_", or "schema.name".');
}

/** PostgreSQL puts an index where its table is and takes no schema; SQLite looks for the table where the index is. */
function indexName(dialect: "postgres" | "sqlite", table: string): string {
  const parts = `${table}_due`.split(".");
  return (dialect === "sqlite" ? parts : parts.slice(-1)).map(quote).join(".");
}

function quote(name: string): string {
  return `"${name}"`;
}

function resolveChannel(dialect: "postgres" | "sqlite", channel: unknown): string | undefined {
  if (channel === undefined) return undefined;
  if (dialect === "sqlite") {
    const message = "SQLite notifies nobody. Leave notifyChannel out and call notify() after the commit.";
    throw new ConfigError("GCX_CONFIG_UNSUPPORTED", "notifyChannel", message);
  }
  const sizeBytes = typeof channel === "string" ? Buffer.byteLength(channel) : 0;
  if (sizeBytes > 0 && sizeBytes <= MAX_CHANNEL_BYTES) return channel as string;
  throw invalid("notifyChannel", `notifyChannel must be a name of 1 to ${MAX_CHANNEL_BYTES} bytes.`);
}

function resolveBatchSize(size: unknown): number {
  if (size === undefined) return 100;
  if (Number.isInteger(size) && (size as number) >= 1 && (size as number) <= MAX_BATCH_SIZE) return size as number;
  throw invalid("batchSize", `batchSize must be an integer from 1 to ${MAX_BATCH_SIZE}.`);
}

function resolveMs(field: string, value: unknown, defaultMs: number, leastMs: number): number {
  if (value === undefined) return defaultMs;
  const ms = typeof value === "string" ? parseDuration(value) : value;
  // Whole ms: databases take them as integers.
  if (typeof ms === "number" && ms >= leastMs && ms <= MAX_DURATION_MS) return Math.ceil(ms);
  throw invalid(field, `${field} must be a duration from ${leastMs} ms to 1 h, in ms or as text such as "5s".`);
}

function invalid(field: string, message: string): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", field, message);
}
