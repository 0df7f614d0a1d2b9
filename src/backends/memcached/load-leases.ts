import type { OperationContext } from "../../backend/backend.ts";
import type { EntryWrite, StoredEntry } from "../../backend/stored-entry.ts";
import type { MemcachedConnectionId } from "../../clients/memcached/memcached-client.ts";
import type { MetaKey } from "../../clients/memcached/meta-message.ts";
import type { Item } from "./item-layout.ts";
import type { NamespaceState } from "./namespace-state.ts";

/** The right to store the result of one load. Means something to the {@link LoadLeases} that gave it out, until it ends or is void. */
export interface LoadLease {
  readonly key: string;
  /** @internal */ readonly metaKey: MetaKey;
  /** @internal CAS number of the item that stands for the lease: whatever touches the key changes it. */
  readonly cas: number;
  /** @internal The connection that brought the number. */
  readonly connection: MemcachedConnectionId;
  /** @internal The namespaces' marks from before the load. */
  readonly namespace: NamespaceState;
  /** Drawn before the load; see `EntryWrite.tagsUnchangedSince`. */
  readonly stamp: number;
  /** @internal The item with the stale value that the lease keeps. */
  readonly stale: Item | undefined;
}

/** What a read finds that would load on a miss. `stale`: the value before its TTL was over or it was invalidated, while it is kept to stand in. */
export type LeasedRead =
  /** A live entry. */
  | { readonly kind: "hit"; readonly entry: StoredEntry }
  /** None, and nobody loads: the caller shall. */
  | { readonly kind: "leased"; readonly lease: LoadLease; readonly stale: StoredEntry | undefined }
  /** None, and somebody loads: for at most this long, in ms (to the second), unless they take longer or are gone. */
  | { readonly kind: "busy"; readonly remainingMs: number; readonly stale: StoredEntry | undefined };

/** Options of {@link LoadLeases.read}. */
export interface LeasedReadOptions {
  /**
   * How long the load may take, in ms, > 0; the server counts in seconds, so up to two more. Whoever reads afterwards is given a lease of their own; until
   * somebody was, this one can still be filled while its item stands.
   */
  readonly leaseMs: number;
  /** Whether a lease that somebody else has is taken from them: their result is refused. What lives stays a hit, for an item has no room for a lease beside it. Default: false. */
  readonly takesOver?: boolean | undefined;
}

/** Options of {@link LoadLeases.invalidate}. */
export interface InvalidateOptions {
  /** How long the value that ends may still be handed out as stale, in ms. Default 0: it is removed. */
  readonly keepStaleMs?: number | undefined;
}

/**
 * Loads of which a fleet runs one at a time for a key, and whose results are stored only if nothing happened to the key meanwhile.
 *
 * A lease is an item: an empty one, or the stale value with a note in its head. Whatever is done to the key (a write, a delete, an invalidation, a
 * counter) changes or removes that item, and a clear or an invalidated tag the marks from before the load: each voids the lease, and the
 * result of the load is refused. So does a lost connection, for a server that restarted repeats its CAS numbers.
 *
 * The item's CAS number is the load's stamp as well: it was drawn after everything that was invalidated before the load, and before all that is
 * invalidated from then on. So a lease costs no request more than the read.
 *
 * States of a key:
 *
 * ```text
 * absent ──read──▶ leased ──fill──▶ live ──TTL over, staleMs────────▶ stale ──read──▶ leased, with the stale value ──fill──▶ live
 *                    │  ▲                  └─invalidate, keepStaleMs─▶    │                │
 *                    │  └─ read, when the lease is over                   └── its time is over, delete, clear ──▶ absent
 *                    └── delete, invalidate, release ──▶ absent
 * ```
 *
 * An empty item does not say what its namespace was, but its CAS number does: smaller than that of a mark, or where a mark is missing, the lease is from before a clear and counts as none. Where marks
 * have to be made for a lease, the item is written again after them, which costs a first load of a namespace two requests more.
 *
 * All methods reject with the errors of the store. None hands out what cannot be proven live as a hit.
 */
export interface LoadLeases {
  /**
   * The live entry, or a lease to load it, or that somebody else has one. One round trip, which the calls of one turn share; where something dead or stale
   * stands a lease costs another one, and so does a look at the tags. A lease that comes when its caller has left is given back.
   */
  read(key: string, options: LeasedReadOptions, context: OperationContext): Promise<LeasedRead>;
  /**
   * Stores the result of a load. `condition`, `returnPrevious` are not used: the lease is the condition. One round trip, which the calls of one turn
   * share; with tags another one for their marks.
   *
   * @returns the version, or `undefined` when the lease is void; then nothing was stored
   * @throws TypeError (rejects) for a lease that others gave out
   */
  fill(lease: LoadLease, write: EntryWrite, context: OperationContext): Promise<number | undefined>;
  /**
   * Gives a lease back without a result, so that the next reader loads. Without effect when it is void.
   *
   * @returns whether it still stood
   * @throws TypeError (rejects) for a lease that others gave out
   */
  release(lease: LoadLease, context: OperationContext): Promise<boolean>;
  /** See `LoadTier.claimRefresh`. One round trip. It lasts up to two seconds longer, for the server counts in seconds. */
  claimRefresh(key: string, version: number, claimMs: number, context: OperationContext): Promise<boolean>;
  /** See `LoadTier.releaseRefresh`. One round trip. */
  releaseRefresh(key: string, version: number, context: OperationContext): Promise<void>;
  /** Ends an entry and voids leases of its key. @returns whether a live entry was there */
  invalidate(key: string, options: InvalidateOptions, context: OperationContext): Promise<boolean>;
}
