/** Connections of a store with a network. */
export interface ConnectionCounts {
  /** Connections that are open and ready. */
  readonly open: number;
  /** Requests that were sent or are about to be, and have no answer yet. */
  readonly inFlight: number;
  /** Requests that wait for a free connection. */
  readonly waiting: number;
}
