import type { Ttl } from "../entry/ttl.ts";

/** Options of a write inside a transaction. */
export interface TransactionSetOptions {
  /** Time to live. Default: the cache's. */
  readonly ttl?: Ttl | undefined;
  /** Tags. Default: the namespace's. */
  readonly tags?: readonly string[] | undefined;
}

/** The keys of a running transaction. Reads see one consistent state and the transaction's own writes. */
export interface Transaction {
  /** The value of a declared key, or `undefined`. */
  get<T = unknown>(key: string): T | undefined;
  /** Writes a declared key when the transaction commits. */
  set<T>(key: string, value: T, ttlOrOptions?: Ttl | TransactionSetOptions): void;
  /** Deletes a declared key when the transaction commits. */
  delete(key: string): void;
}
