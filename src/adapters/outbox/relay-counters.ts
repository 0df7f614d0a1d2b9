/** What a relay has done since it was made; see {@link OutboxStats} for the meanings. */
export interface RelayCounters {
  appliedRowCount: number;
  parkedRowCount: number;
  failureCount: number;
  lastLagMs: number;
}
