/** The statements of one kind of database. Each returns rows, and holds its values as parameters, in the order of the text and each once. */
export interface Dialect {
  /** The table and its index, if they are not there yet. Several statements, each ended by `;`. */
  readonly schemaSql: string;
  /** Adds a row. Parameters: payload. */
  readonly recordSql: string;
  /** Tells who listens to a channel, once the transaction commits. Parameters: channel. `undefined`: the database cannot. */
  readonly notifySql: string | undefined;
  /** Whether anything is due, without taking a lock for writing: one row, or none. `undefined`: claiming costs no more. */
  readonly peekSql: string | undefined;
  /**
   * Takes due rows for some time: nobody else gets them until then. Parameters: most rows, lease in ms.
   * Returns `id`, `payload`, `attempts` (this one included), `age` (ms since it was recorded).
   */
  readonly claimSql: string;
  /** Removes rows. Parameters: ids. */
  readonly acknowledgeSql: string;
  /** Makes rows due again after a while. Parameters: delay in ms, ids. */
  readonly postponeSql: string;
  /** Sets rows apart that cannot be applied, to be due at once for who clears `parked_error`. Parameters: why, ids. */
  readonly parkSql: string;
  /** Ms until the first row that was taken before is due again, negative when it is. No parameters. Returns one row of `wait`; null without one. */
  readonly nextDueSql: string;
  /** Counts. No parameters. Returns one row of `pending`, `parked`, `age` (ms since the oldest pending row was recorded; null without one). */
  readonly backlogSql: string;
  /** Ids as one parameter. */
  encodeIds(ids: readonly string[]): string;
}
