import type { OperationContext } from "../../backend/backend.ts";
import type { EntryWrite } from "../../backend/stored-entry.ts";
import { metaFlag } from "../../clients/memcached/meta-message.ts";
import { waitUnlessAborted } from "../../foundation/deadline.ts";
import type { CoherentStore } from "./coherent-store.ts";
import { type RetryParts, retryConflicts } from "./conflict.ts";
import { withVersion } from "./counted-operation.ts";
import type { EntryWriter } from "./entry-writer.ts";
import { exptimeSeconds } from "./exptime.ts";
import { encodeItem, entryVersionIn, ITEM_FLAGS, type Item, itemEndsAt, STALE_NOTE_BYTES } from "./item-layout.ts";
import type { FoundItem } from "./item-store.ts";
import { LeaseReads } from "./lease-reads.ts";
import type { InvalidateOptions, LeasedRead, LeasedReadOptions, LoadLease, LoadLeases } from "./load-leases.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { RefreshClaims } from "./refresh-claims.ts";
import { isAbandoned, ServerCall } from "./server-call.ts";
import { noRoom } from "./store-errors.ts";
import { toStoredEntry } from "./to-stored-entry.ts";
import { versionOf } from "./version-number.ts";

/** What the leases of a store are made with. */
export interface CoherentLeasesParts extends RetryParts {
  readonly store: CoherentStore;
  readonly writer: EntryWriter;
  readonly claims: RefreshClaims;
  /** Draws a stamp; see `Backend.stamp`. */
  readonly stamp: (call: ServerCall) => Promise<number>;
}

const EMPTY = new Uint8Array(0);
const STALE_AND_LEASED = ITEM_FLAGS.isStale | ITEM_FLAGS.isLeased;

/** A call that nobody can leave. */
const UNLEAVABLE: ServerCall = new ServerCall("load", {});

/** Leases of mode `coherent`; see {@link LoadLeases}. */
export class CoherentLeases implements LoadLeases {
  readonly #parts: CoherentLeasesParts;
  readonly #reads: LeaseReads;
  /** Leases given out here: the connection of another client's means nothing to this one. */
  readonly #given = new WeakSet<object>();
  /** Base of the data in which the item of invalidations was made: without it no result with tags is stored. */
  #preparedBase = 0;

  constructor(parts: CoherentLeasesParts) {
    this.#parts = parts;
    this.#reads = new LeaseReads(parts.store);
  }

  read(key: string, options: LeasedReadOptions, context: OperationContext): Promise<LeasedRead> {
    // Where the context can be asked, nobody listens to its signal.
    const signal = context.isAbandoned === undefined ? context.signal : undefined;
    return waitUnlessAborted(this.#read(key, options, context), signal);
  }

  async fill(lease: LoadLease, write: EntryWrite, context: OperationContext): Promise<number | undefined> {
    this.#assertOwn(lease);
    const { store } = this.#parts;
    const call = new ServerCall("load", context);
    const tagsUnchangedSince = Math.min(lease.stamp, write.tagsUnchangedSince ?? lease.stamp);
    // The marks of the namespaces are those from before the load: after a clear the entry would be dead as soon as it is written.
    const draft = await store.draftIn(lease.key, { ...write, tagsUnchangedSince }, lease.namespace, call);
    if (draft === undefined) {
      // The item of invalidations may have been evicted: the next stamp makes it.
      this.#preparedBase = 0;
      await this.release(lease, context);
      return undefined;
    }
    const found = foundFor(lease);
    await this.#parts.writer.keepOperations({ ...found, item: lease.stale }, call);
    const [version, isCurrent] = await Promise.all([
      store.replace(found, draft, call),
      store.isNamespaceIn(lease.key, lease.namespace),
    ]);
    // Written for nothing: the namespace was cleared.
    return isCurrent ? version : undefined;
  }

  async release(lease: LoadLease, context: OperationContext): Promise<boolean> {
    this.#assertOwn(lease);
    const { store } = this.#parts;
    const call = new ServerCall("load", context);
    const found = foundFor(lease);
    if (lease.stale === undefined) return (await store.remove(found, call)) === "HD";
    const item = { ...lease.stale, flags: lease.stale.flags & ~ITEM_FLAGS.isLeased };
    return (await store.replace(found, { item, versionBase: lease.namespace.versionBase }, call)) !== undefined;
  }

  claimRefresh(key: string, version: number, claimMs: number, context: OperationContext): Promise<boolean> {
    return this.#parts.claims.claim(key, version, claimMs, context);
  }

  releaseRefresh(key: string, version: number, context: OperationContext): Promise<void> {
    return this.#parts.claims.release(key, version, context);
  }

  async invalidate(key: string, { keepStaleMs = 0 }: InvalidateOptions, context: OperationContext): Promise<boolean> {
    const call = new ServerCall("invalidate", context);
    if (keepStaleMs <= 0) return this.#parts.writer.delete(key, call);
    return retryConflicts("invalidate", this.#parts, context, () => this.#tryInvalidate(key, keepStaleMs, call));
  }

  async #read(key: string, options: LeasedReadOptions, context: OperationContext): Promise<LeasedRead> {
    const call = new ServerCall("load", context);
    const read = await retryConflicts("load", this.#parts, context, () => this.#tryRead(key, options, call));
    if (read.kind !== "leased" || !isAbandoned(context)) return read;
    // It came for nobody, and would keep everybody from loading for its time.
    await this.release(read.lease, {}).catch(() => undefined);
    throw context.signal?.reason;
  }

  async #tryRead(
    key: string,
    { leaseMs, takesOver }: LeasedReadOptions,
    call: ServerCall,
  ): Promise<LeasedRead | undefined> {
    const { store } = this.#parts;
    const found = await this.#reads.read(key, exptimeSeconds(leaseMs, store.nowMs()), call.context);
    const { itemVersion } = found;
    if (found.live !== undefined) return { kind: "hit", entry: toStoredEntry(found.live, itemVersion) };
    // Not even an empty item.
    if (found.cas === undefined) throw noRoom(this.#parts.name);
    const isReserved = metaFlag(found.replyFlags, "W") !== undefined;
    if (isReserved && found.namespace !== undefined && found.cas > found.namespace.markedAtCas)
      return this.#leased(found, found.namespace, found.cas, undefined);
    const nowMs = store.nowMs();
    const untouched = await this.#untouchedIn(found, nowMs);
    const stale = untouched && nowMs < itemEndsAt(untouched) ? untouched : undefined;
    const remainingMs = remainingLeaseMs(found, untouched, nowMs);
    if (remainingMs > 0 && takesOver !== true)
      return { kind: "busy", remainingMs, stale: stale && toStoredEntry(stale, itemVersion) };
    // What stands there is dead: expired, cleared, invalidated, somebody else's, or a lease: of a loader that is gone, or that is taken from them. Or it is the caller's own
    // empty item from before its marks. They come first, for a lease from before them is taken for one from before a clear.
    const leased = stale && {
      ...stale,
      flags: stale.flags | STALE_AND_LEASED,
      leasedUntil: nowMs + leaseMs,
      staleVersion: entryVersionIn(stale, itemVersion),
      operations: withVersion(stale.operations, itemVersion),
    };
    const namespace = found.namespace ?? (await store.namespaceOf(key, UNLEAVABLE));
    // Nobody can leave what stands there for them, or it would stand there for nobody.
    const cas = await this.#takeOver(found, leased, leaseMs, isReserved ? UNLEAVABLE : call);
    return cas === undefined ? undefined : this.#leased(found, namespace, cas, leased);
  }

  async #takeOver(
    found: FoundItem,
    leased: Item | undefined,
    leaseMs: number,
    call: ServerCall,
  ): Promise<number | undefined> {
    const { store, writer } = this.#parts;
    const nowMs = store.nowMs();
    if (leased === undefined) {
      await writer.keepOperations(found, call);
      return store.replaceBytes(found, EMPTY, exptimeSeconds(leaseMs, nowMs), call);
    }
    const exptime = exptimeSeconds(Math.max(itemEndsAt(leased) - nowMs, leaseMs), nowMs);
    return store.replaceBytes(found, encodeItem(leased), exptime, call);
  }

  /** @param cas of the item that stands for the lease. From there on, whatever is invalidated has a larger number, or changes the item, or a mark */
  async #leased(
    found: FoundItem,
    namespace: NamespaceState,
    cas: number,
    stale: Item | undefined,
  ): Promise<LeasedRead> {
    const { key, metaKey, connection } = found;
    // The connection that brought the number is that of the item's read, and the base is of that read or later: no restart lies between the base and the number.
    let stamp = versionOf(namespace.versionBase, cas);
    if (namespace.versionBase !== this.#preparedBase) {
      // Nobody can leave here, or the item would stand there for nobody.
      stamp = await this.#parts.stamp(UNLEAVABLE);
      this.#preparedBase = namespace.versionBase;
    }
    const lease: LoadLease = { key, metaKey, cas, connection, namespace, stamp, stale };
    this.#given.add(lease);
    return { kind: "leased", lease, stale: stale && toStoredEntry(stale, found.itemVersion) };
  }

  /** The item, when it may be a stale value or the lease of one: nothing happened to its namespaces and tags since it was written. */
  async #untouchedIn(found: FoundItem, nowMs: number): Promise<Item | undefined> {
    const { item } = found;
    if (item === undefined || nowMs >= Math.max(itemEndsAt(item), item.leasedUntil ?? 0)) return undefined;
    return (await this.#parts.store.isUntouched(found)) ? item : undefined;
  }

  #assertOwn(lease: LoadLease): void {
    if (!this.#given.has(lease)) throw new TypeError("The lease was not given out by this store.");
  }

  async #tryInvalidate(key: string, keepStaleMs: number, call: ServerCall): Promise<boolean | undefined> {
    const { store } = this.#parts;
    const found = await store.find(key, call);
    if (found.cas === undefined) return false;
    const nowMs = store.nowMs();
    const untouched = found.live ?? (await this.#untouchedIn(found, nowMs));
    if (untouched === undefined || nowMs >= itemEndsAt(untouched)) return this.#tryRemove(found, call);
    // A stale value that somebody loads the successor of is written again without the lease, which voids it, and stays as long as it would have.
    const ended = found.live === undefined ? untouched : { ...untouched, expiresAt: nowMs, staleMs: keepStaleMs };
    const bytes = encodeItem({
      ...ended,
      flags: (ended.flags | ITEM_FLAGS.isStale) & ~ITEM_FLAGS.isLeased,
      staleVersion: entryVersionIn(untouched, found.itemVersion),
      operations: withVersion(untouched.operations, found.itemVersion),
    });
    if (!store.hasRoomFor(found, bytes.length + STALE_NOTE_BYTES)) return this.#tryRemove(found, call);
    const cas = await store.replaceBytes(found, bytes, exptimeSeconds(itemEndsAt(ended) - nowMs, nowMs), call);
    return cas === undefined ? undefined : found.live !== undefined;
  }

  /** @returns whether a live entry was removed; `undefined` when something else stands there by now */
  async #tryRemove(found: FoundItem, call: ServerCall): Promise<boolean | undefined> {
    const status = await this.#parts.writer.remove(found, call);
    if (status === "HD") return found.live !== undefined;
    return status === "NF" ? false : undefined;
  }
}

/** How long somebody else's lease may last, in ms; 0 when there is none. */
function remainingLeaseMs(found: FoundItem, untouched: Item | undefined, nowMs: number): number {
  if (untouched?.leasedUntil !== undefined) return untouched.leasedUntil - nowMs;
  // An empty item is a lease, until the server ends it.
  const isEmptyItem = found.item === undefined && metaFlag(found.replyFlags, "s") === "0";
  // It does not say what its namespace was, but its number does: from before the last mark, it is from before a clear, or an eviction that counts as one. Where a mark is
  // missing, no result can be stored with what the lease was given with: somebody who makes the marks for it at this moment writes it anew, and one of both wins.
  const isOfEarlierState = found.namespace === undefined || (found.cas ?? 0) < found.namespace.markedAtCas;
  return isEmptyItem && !isOfEarlierState ? Math.max(1, Number(metaFlag(found.replyFlags, "t") ?? 0)) * 1_000 : 0;
}

function foundFor({ key, metaKey, cas, connection, namespace }: LoadLease): FoundItem {
  const nothing = { item: undefined, live: undefined, itemVersion: 0, replyFlags: "", others: [] };
  return { key, metaKey, connection, cas, namespace, ...nothing };
}
