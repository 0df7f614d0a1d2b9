import type { MaybePromise } from "../../backend/backend.ts";
import type { OutboxParameter } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import type { OutboxBacklog } from "./outbox.ts";
import { OutboxError } from "./outbox-error.ts";

/** A row that was taken to be applied. */
export interface ClaimedRow {
  readonly id: string;
  /** Text, unless somebody else wrote something else. */
  readonly payload: unknown;
  /** How often it was taken, this time included. */
  readonly attempts: number;
  /** How long ago it was recorded, in ms. */
  readonly ageMs: number;
}

/** Longest reason that is kept with a row that was set apart, in UTF-16 code units. */
const MAX_REASON_LENGTH = 500;
const ID = /^-?\d+$/;

/** The statements of a relay on its own connection, with their answers checked. Every method rejects with `GCX_OUTBOX_DATABASE`. */
export class OutboxTable {
  readonly #dialect: Dialect;
  readonly #run: (sql: string, params: readonly OutboxParameter[]) => MaybePromise<readonly object[]>;

  constructor(
    dialect: Dialect,
    run: (sql: string, params: readonly OutboxParameter[]) => MaybePromise<readonly object[]>,
  ) {
    this.#dialect = dialect;
    this.#run = run;
  }

  /** Takes up to `limit` due rows for `leaseMs`. */
  async claim(leaseMs: number, limit: number): Promise<readonly ClaimedRow[]> {
    const { peekSql, claimSql } = this.#dialect;
    if (peekSql !== undefined && (await this.#rows("look for rows", peekSql, [])).length === 0) return [];
    return (await this.#rows("take rows", claimSql, [limit, leaseMs])).map(claimedRow);
  }

  /** Removes rows that were applied. */
  async acknowledge(ids: readonly string[]): Promise<void> {
    await this.#rows("remove applied rows", this.#dialect.acknowledgeSql, [this.#dialect.encodeIds(ids)]);
  }

  /** Makes rows due again after `delayMs`, a whole number. */
  async postpone(ids: readonly string[], delayMs: number): Promise<void> {
    await this.#rows("postpone rows", this.#dialect.postponeSql, [delayMs, this.#dialect.encodeIds(ids)]);
  }

  /** Sets a row apart; it is not taken again. */
  async park(id: string, reason: string): Promise<void> {
    const params = [reason.slice(0, MAX_REASON_LENGTH), this.#dialect.encodeIds([id])];
    await this.#rows("set a row apart", this.#dialect.parkSql, params);
  }

  /** Ms until a row that was taken before is due again; `undefined` when there is none. */
  async nextDueMs(): Promise<number | undefined> {
    const [row] = await this.#rows("look for rows", this.#dialect.nextDueSql, []);
    return row === undefined || row["wait"] === null ? undefined : Math.max(0, wholeNumber(row, "wait"));
  }

  /** Counts. O(rows). */
  async backlog(): Promise<OutboxBacklog> {
    const [row] = await this.#rows("count rows", this.#dialect.backlogSql, []);
    if (row === undefined) throw databaseError("count rows", new TypeError("There was no row in the answer."));
    return {
      pendingCount: wholeNumber(row, "pending"),
      parkedCount: wholeNumber(row, "parked"),
      oldestMs: row["age"] === null ? 0 : Math.max(0, wholeNumber(row, "age")),
    };
  }

  async #rows(
    what: string,
    sql: string,
    params: readonly OutboxParameter[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    let rows: unknown;
    try {
      rows = await this.#run(sql, params);
    } catch (cause) {
      throw databaseError(what, cause);
    }
    if (Array.isArray(rows)) return rows as readonly Record<string, unknown>[];
    throw databaseError(what, new TypeError("execute must return an array of rows."));
  }
}

function claimedRow(row: Readonly<Record<string, unknown>>): ClaimedRow {
  const id = String(row["id"]);
  if (!ID.test(id)) throw databaseError("take rows", new TypeError('The column "id" is no integer.'));
  return {
    id,
    payload: row["payload"],
    attempts: wholeNumber(row, "attempts"),
    // The clock may have been set back since.
    ageMs: Math.max(0, wholeNumber(row, "age")),
  };
}

/** Drivers give integers as numbers, bigints or text. */
function wholeNumber(row: Readonly<Record<string, unknown>>, column: string): number {
  const value = row[column];
  const number = value === null || value === undefined || value === "" ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw databaseError("read a row", new TypeError(`The column "${column}" is no number.`));
}

function databaseError(what: string, cause: unknown): OutboxError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OutboxError("GCX_OUTBOX_DATABASE", `The outbox cannot ${what}: ${why}`, { cause });
}
