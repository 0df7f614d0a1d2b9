import type { RemovalCause } from "../entry/removal.ts";
import type { CallOutcome } from "./call-outcome.ts";
import type { TraceOrigin } from "./call-tracer.ts";

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
  /** A write was accepted; `version` is 0 where it waits to be written behind. */
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
  /**
   * A load ended. `error` is a `LoaderError` for `failed` and `timed-out`, with the loader's own error as its cause. `origin`: the trace of who asked for it, while metrics
   * with exemplars are kept.
   */
  load: KeyEvent & {
    readonly outcome: LoadOutcome;
    readonly durationMs: number;
    readonly error?: unknown;
    readonly origin?: TraceOrigin;
  };
  /** Tags were invalidated. */
  invalidate: { readonly tags: readonly string[]; readonly namespace: string };
  /** A namespace was cleared. */
  clear: { readonly namespace: string };
  /** A store failed. The call itself may have succeeded all the same, for example `getOrSet` with a sick store. */
  error: { readonly operation: string; readonly error: unknown };
  /**
   * A call to a store ended, after `durationMs` from the caller's side. Reads that memory answers at once are not told of one by one: `stats()` counts them. `backend` is the
   * store that was asked, of several tiers the last. `origin`: the caller's trace, while metrics with exemplars are kept.
   */
  operation: {
    readonly operation: string;
    readonly backend: string;
    readonly outcome: CallOutcome;
    readonly durationMs: number;
    readonly origin?: TraceOrigin;
  };
  /** A connection to a server of a store came up or went away; `node` is the server's address, `error` why it went. */
  connection: NodeEvent & { readonly state: "connected" | "lost"; readonly error?: unknown };
  /** The breaker of a server changed: `open` asks the server nothing for a while, `half-open` tries one call, `closed` is normal. */
  breaker: NodeEvent & { readonly state: "open" | "half-open" | "closed" };
  /** Another process that keeps copies was heard of, or is not reachable any more; `node` is its address, `id` names one life of it. */
  peer: NodeEvent & {
    readonly transport: string;
    readonly id: string;
    readonly state: "connecting" | "connected" | "lost";
  };
  /** Messages about changes may have been missed, of the process `from` where that is known. What cannot be proven current is not served, so nothing is wrong. */
  gap: { readonly backend: string; readonly transport: string; readonly from?: string };
  /**
   * The shared store was asked whether the copies of this process are current, three times in `consistency.maxStaleness` as long as they are read. `changedShards`: shards with
   * changes of which no message had come; `renewedShards`: shards whose data is another than before, so that all copies ended. Where the store has no shards both are 0; there
   * `askedCopies` is about how many copies it was asked, and `changedCopies` how many of them ended because their entries are others.
   */
  probe: {
    readonly backend: string;
    readonly isAnswered: boolean;
    readonly durationMs: number;
    readonly changedShards: number;
    readonly renewedShards: number;
    readonly askedCopies?: number;
    readonly changedCopies?: number;
  };
  /**
   * Writes of a tier that is written behind are lost: `refused` by the store for good (their keys are deleted there instead), or `closed` before it had taken them. Of those that were
   * on their way nobody knows. `error` is the last failure.
   */
  unwritten: {
    readonly backend: string;
    readonly reason: "refused" | "closed";
    readonly setCount: number;
    readonly deleteCount: number;
    readonly error?: unknown;
  };
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
  operation: true,
  connection: true,
  breaker: true,
  peer: true,
  gap: true,
  probe: true,
  unwritten: true,
  warning: true,
  close: true,
};

/** Every event's name. */
export const CACHE_EVENT_NAMES: ReadonlySet<CacheEventName> = new Set(Object.keys(NAMES) as CacheEventName[]);
