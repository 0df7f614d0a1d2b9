import type { RemovalCause } from "../entry/removal.ts";

/** What every event about one key says. Keys are the view's own, without the namespace's prefix. */
export interface KeyEvent {
  /** The key as its view knows it. */
  readonly key: string;
  /** Path of the namespace, `""` for the root. */
  readonly namespace: string;
}

/** What every event about one server of a store says. */
export interface NodeEvent {
  /** The store's name, for example `"redis"`. */
  readonly backend: string;
  /** The server's address, for example `"127.0.0.1:6379"`. */
  readonly node: string;
}

/** How a load ended. */
export type LoadOutcome =
  /** Its value was stored. */
  | "stored"
  /** Another process had loaded it meanwhile; the loader was not called. */
  | "found"
  /** Its value was returned but not to be stored: `undefined`, TTL 0, or `skipStore()`. */
  | "returned"
  /** A write or invalidation came while it ran; its value went to its own callers only. */
  | "detached"
  /** Its value was returned, but the store refused or failed to keep it. */
  | "unstored"
  /** The loader threw. */
  | "failed"
  /** The loader passed its hard timeout. */
  | "timed-out"
  /** Every caller left before it ended. */
  | "abandoned";

/** The closed union of what a cache tells: one event per fact. A listener that throws changes nothing. */
export interface CacheEventMap {
  /** A read found a live entry. */
  hit: KeyEvent & { readonly tier: string };
  /** A read found none. */
  miss: KeyEvent;
  /** `getOrSet` answered with an entry whose TTL was over, `ageMs` ago: while it is loaded anew, because the load is slow, or because it failed. */
  stale: KeyEvent & { readonly reason: "revalidating" | "slow" | "failed"; readonly ageMs: number };
  /** A write was accepted. */
  set: KeyEvent & { readonly version: number };
  /** A delete was carried out; `existed` says whether there was a live entry (`undefined` in batches: not known per key). */
  delete: KeyEvent & { readonly existed: boolean | undefined };
  /** An entry left a local store. */
  remove: KeyEvent & { readonly cause: RemovalCause };
  /** A value was not stored because it alone is larger than the store may be. */
  refuse: KeyEvent & { readonly sizeBytes: number; readonly limitBytes: number };
  /**
   * Stored bytes could not be turned into a value, so the read was a miss (or an error, with `unreadableValues: "error"`). `reason` is one of
   * `foreign`, `newer-format`, `damaged`, `malformed`, `too-large`, `unknown-serializer`, `unknown-compressor`, `unknown-dictionary`, `unknown-key`,
   * `not-authentic`, `not-encrypted`; `cause` is what a library threw, when it did.
   */
  unreadable: KeyEvent & { readonly reason: string; readonly detail: string; readonly cause?: unknown };
  /** A load ended. `error` is a `LoaderError` for `failed` and `timed-out`, with the loader's own error as its cause. */
  load: KeyEvent & { readonly outcome: LoadOutcome; readonly durationMs: number; readonly error?: unknown };
  /** Tags were invalidated. */
  invalidate: { readonly tags: readonly string[]; readonly namespace: string };
  /** A namespace was cleared. */
  clear: { readonly namespace: string };
  /** A store failed. The call itself may have succeeded all the same, for example `getOrSet` with a sick store. */
  error: { readonly operation: string; readonly error: unknown };
  /** A connection to a server of a store came up or went away; `node` is the server's address, `error` why it went. */
  connection: NodeEvent & { readonly state: "connected" | "lost"; readonly error?: unknown };
  /** The breaker of a server changed: `open` asks the server nothing for a while, `half-open` tries one call, `closed` is normal. */
  breaker: NodeEvent & { readonly state: "open" | "half-open" | "closed" };
  /** A store works, but with less than it should; the message has the remedy. Told once each. */
  warning: { readonly backend: string; readonly node?: string; readonly message: string };
  /** The cache was closed. */
  close: Record<never, never>;
}

/** The name of an event. */
export type CacheEventName = keyof CacheEventMap;

/** A listener of one event. */
export type CacheEventListener<Name extends CacheEventName> = (event: CacheEventMap[Name]) => void;

const NAMES: { readonly [Name in CacheEventName]: true } = {
  hit: true,
  miss: true,
  stale: true,
  set: true,
  delete: true,
  remove: true,
  refuse: true,
  unreadable: true,
  load: true,
  invalidate: true,
  clear: true,
  error: true,
  connection: true,
  breaker: true,
  warning: true,
  close: true,
};

/** Every event's name. */
export const CACHE_EVENT_NAMES: ReadonlySet<CacheEventName> = new Set(Object.keys(NAMES) as CacheEventName[]);
