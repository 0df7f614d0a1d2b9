/** What comes with every call to a store. */
export interface OperationContext {
  /** Aborted when the caller gave up or the deadline passed. A store should stop work that nobody waits for. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether `signal` is aborted, without making one: asking for the signal of a call costs something, so a store that only wants to know
   * whether anybody still waits, before it sends, looks here. Default: not known, look at the signal.
   */
  readonly isAbandoned?: boolean | undefined;
  /**
   * Reads only: the caller looks at the value and at nothing else of the entry, so a store for which the rest costs more may leave it
   * out (`expiresAt: Infinity`, no tags). Default: false.
   */
  readonly isValueEnough?: boolean | undefined;
}
