/**
 * How a store's author lets the kit break the way to the server of one case, best by a proxy in front of it, so that no other case notices.
 * Each resolves when it is in force. With many servers, all of them.
 */
export interface ConformanceFaults {
  /** The server goes away: open connections end, new ones are refused. What it holds may be lost. */
  stop(): Promise<void>;
  /** It is back, at the same address. */
  start(): Promise<void>;
  /** The server hangs: connections stay open, requests are taken, nothing is answered. */
  hang?(): Promise<void>;
  /** It goes on: what came meanwhile is carried out and answered, late. */
  resume?(): Promise<void>;
  /** Every open connection is reset once, whatever is on its way; new ones are accepted, and what the server holds stays. */
  reset?(): Promise<void>;
}
