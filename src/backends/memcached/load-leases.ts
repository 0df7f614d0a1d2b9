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
  /** @internal The stale value that the lease keeps. */
  readonly stale: Item | undefined;
}

/** What a read finds that would load on a miss. */
export type LeasedRead =
  /** A live entry. */
  | { readonly kind: "hit"; readonly entry: StoredEntry }
  /** None, and nobody loads: the caller shall. `stale` is the value before an invalidation, where it was to be kept. */
  | { readonly kind: "leased"; readonly lease: LoadLease; readonly stale: StoredEntry | undefined }
  /** None, and somebody loads: for at most this long, in ms (to the second), unless they take longer or are gone. */
  | { readonly kind: "busy"; readonly remainingMs: number; readonly stale: StoredEntry | undefined };

/** Options of {@link LoadLeases.read}. */
export interface LeasedReadOptions {
  /** How long the load may take, in ms, > 0; rounded up to seconds. Whoever reads afterwards is given a lease of their own. */
  readonly leaseMs: number;
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
 * States of a key:
 *
 * ```text
 * absent ──read──▶ leased ──fill──▶ live ──invalidate, keepStaleMs──▶ stale ──read──▶ leased, with the stale value ──fill──▶ live
 *                    │  ▲             │                                 │                │
 *                    │  └─ read, when the lease is over                 └── its time is over, delete, clear ──▶ absent
 *                    └── delete, invalidate, clear, release ──▶ absent
 * ```
 *
 * All methods reject with the errors of the store. None hands out what cannot be proven live as a hit.
 */
export interface LoadLeases {
  /** The live entry, or a lease to load it, or that somebody else has one. One round trip; a lease costs another one. */
  read(key: string, options: LeasedReadOptions, context: OperationContext): Promise<LeasedRead>;
  /**
   * Stores the result of a load. `condition`, `returnPrevious` are not used: the lease is the condition.
   *
   * @returns the version, or `undefined` when the lease is void; then nothing was stored
   */
  fill(lease: LoadLease, write: EntryWrite, context: OperationContext): Promise<number | undefined>;
  /** Gives a lease back without a result, so that the next reader loads. Without effect when it is void. */
  release(lease: LoadLease, context: OperationContext): Promise<void>;
  /** Ends an entry and voids leases of its key. @returns whether a live entry was there */
  invalidate(key: string, options: InvalidateOptions, context: OperationContext): Promise<boolean>;
}
