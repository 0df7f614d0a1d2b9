import type { ConnectionCounts } from "./connection-counts.ts";

/** How the servers of a store are; what `health()` and `doctor` show. Holds no keys, values or credentials. */
export interface BackendReport {
  /** One for each server. */
  readonly nodes: readonly NodeReport[];
}

/** How one server is. What it did not tell, or is not asked for its kind, is absent. */
export interface NodeReport {
  /** Its address, for example `"127.0.0.1:6379"`. */
  readonly node: string;
  /** `degraded`: it answers, but something is wrong with it (see `warnings`). */
  readonly status: "up" | "degraded" | "down";
  /** How long its answer took, in ms. */
  readonly latencyMs: number;
  /** Product and version as the server says, for example `"redis 7.0.15"`. */
  readonly server?: string | undefined;
  /** `"primary"` or `"replica"`. */
  readonly role?: string | undefined;
  /** Bytes that its data takes. */
  readonly memoryUsedBytes?: number | undefined;
  /** Bytes that its data may take; `Infinity` is no limit. */
  readonly memoryLimitBytes?: number | undefined;
  /** How it makes room, in its own words, for example `"allkeys-lru"`. */
  readonly evictionPolicy?: string | undefined;
  /** Entries it removed to make room, since its start. */
  readonly evictions?: number | undefined;
  /** Connections of this process to it. */
  readonly connections?: ConnectionCounts | undefined;
  /** Features of the server that were found (`true`) or found missing (`false`), by name. */
  readonly features?: Readonly<Record<string, boolean>> | undefined;
  /** What its operator should know, each a sentence with its remedy. */
  readonly warnings: readonly string[];
  /** Why it is down. */
  readonly message?: string | undefined;
}
