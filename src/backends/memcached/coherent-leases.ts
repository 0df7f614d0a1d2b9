import type { OperationContext } from "../../backend/backend.ts";
import type { EntryWrite, StoredEntry } from "../../backend/stored-entry.ts";
import { metaFlag } from "../../clients/memcached/meta-message.ts";
import { type CoherentStore, toStoredEntry } from "./coherent-store.ts";
import { type RetryParts, retryConflicts } from "./conflict.ts";
import { withVersion } from "./counted-operation.ts";
import type { EntryWriter } from "./entry-writer.ts";
import { exptimeSeconds } from "./exptime.ts";
import { encodeItem, ITEM_FLAGS, type Item } from "./item-layout.ts";
import type { FoundItem } from "./item-store.ts";
import type { InvalidateOptions, LeasedRead, LeasedReadOptions, LoadLease, LoadLeases } from "./load-leases.ts";
import { ServerCall } from "./server-call.ts";

/** What the leases of a store are made with. */
export interface CoherentLeasesParts extends RetryParts {
  readonly store: CoherentStore;
  readonly writer: EntryWriter;
  /** Draws a stamp; see `Backend.stamp`. */
  readonly stamp: (call: ServerCall) => Promise<number>;
}

const EMPTY = new Uint8Array(0);
const STALE_AND_LEASED = ITEM_FLAGS.isStale | ITEM_FLAGS.isLeased;

/** Leases of mode `coherent`; see {@link LoadLeases}. */
export class CoherentLeases implements LoadLeases {
  readonly #parts: CoherentLeasesParts;

  constructor(parts: CoherentLeasesParts) {
    this.#parts = parts;
  }

  read(key: string, { leaseMs }: LeasedReadOptions, context: OperationContext): Promise<LeasedRead> {
    const call = new ServerCall("load", context);
    return retryConflicts("load", this.#parts, context, () => this.#tryRead(key, leaseMs, call));
  }

  async fill(lease: LoadLease, write: EntryWrite, context: OperationContext): Promise<number | undefined> {
    const { store } = this.#parts;
    const call = new ServerCall("load", context);
    const since = write.tagsUnchangedSince ?? lease.stamp;
    // The marks of the namespaces are those from before the load: after a clear the entry would be dead as soon as it is written.
    const draft = await store.draftIn(lease.key, { ...write, tagsUnchangedSince: since }, lease.namespace, call);
    if (draft === undefined) {
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

  async release(lease: LoadLease, context: OperationContext): Promise<void> {
    const { store } = this.#parts;
    const call = new ServerCall("load", context);
    const found = foundFor(lease);
    if (lease.stale === undefined) {
      await store.remove(found, call);
      return;
    }
    const flags = lease.stale.flags & ~ITEM_FLAGS.isLeased;
    await store.replace(found, { item: { ...lease.stale, flags }, versionBase: lease.namespace.versionBase }, call);
  }

  async invalidate(key: string, { keepStaleMs = 0 }: InvalidateOptions, context: OperationContext): Promise<boolean> {
    const call = new ServerCall("invalidate", context);
    if (keepStaleMs <= 0) return this.#parts.writer.delete(key, call);
    return retryConflicts("invalidate", this.#parts, context, () => this.#tryInvalidate(key, keepStaleMs, call));
  }

  async #tryRead(key: string, leaseMs: number, call: ServerCall): Promise<LeasedRead | undefined> {
    const { store } = this.#parts;
    const nowMs = store.nowMs();
    const found = await store.findOrReserve(key, exptimeSeconds(leaseMs, nowMs), call);
    if (found.live !== undefined) return { kind: "hit", entry: toStoredEntry(found.live, found.itemVersion) };
    if (metaFlag(found.replyFlags, "W") !== undefined) return this.#leased(found, found.cas as number, undefined, call);
    const stale = await this.#staleIn(found);
    const entry = stale && toStoredEntry(stale, found.itemVersion);
    const remainingMs = remainingLeaseMs(found, stale, nowMs);
    if (remainingMs > 0) return { kind: "busy", remainingMs, stale: entry };
    // What stands there is dead: expired, cleared, invalidated, somebody else's, or the lease of a loader that is gone.
    const leasedUntil = nowMs + leaseMs;
    const operations = withVersion(stale?.operations ?? [], found.itemVersion);
    const leased = stale && { ...stale, operations, flags: stale.flags | STALE_AND_LEASED, leasedUntil };
    const cas = await this.#takeOver(found, leased, leaseMs, call);
    return cas === undefined ? undefined : this.#leased(found, cas, leased, call);
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
    const exptime = exptimeSeconds(Math.max(leased.expiresAt - nowMs, leaseMs), nowMs);
    return store.replaceBytes(found, encodeItem(leased), exptime, call);
  }

  async #leased(found: FoundItem, cas: number, stale: Item | undefined, call: ServerCall): Promise<LeasedRead> {
    const { key, metaKey, connection } = found;
    // After the item stands: whatever is invalidated from here on is later than the stamp, or changes the item, or a mark.
    const stamp = await this.#parts.stamp(call);
    const namespace = found.namespace ?? (await this.#parts.store.namespaceOf(key, call));
    const lease: LoadLease = { key, metaKey, cas, connection, namespace, stamp, stale };
    const entry: StoredEntry | undefined = stale && toStoredEntry(stale, found.itemVersion);
    return { kind: "leased", lease, stale: entry };
  }

  /** The stale value, when it may still be handed out. */
  async #staleIn(found: FoundItem): Promise<Item | undefined> {
    const { item } = found;
    if (item === undefined || (item.flags & ITEM_FLAGS.isStale) === 0) return undefined;
    if (item.expiresAt <= this.#parts.store.nowMs()) return undefined;
    return (await this.#parts.store.isUntouched(found)) ? item : undefined;
  }

  async #tryInvalidate(key: string, keepStaleMs: number, call: ServerCall): Promise<boolean | undefined> {
    const { store, writer } = this.#parts;
    const found = await store.find(key, call);
    if (found.cas === undefined) return false;
    const stale = found.live ?? (await this.#staleIn(found));
    if (stale === undefined) {
      const status = await writer.remove(found, call);
      return status === "HD" || status === "NF" ? false : undefined;
    }
    // A stale value that somebody loads the successor of is written again without the lease, which voids it.
    const expiresAt = found.live === undefined ? stale.expiresAt : store.nowMs() + keepStaleMs;
    const flags = (stale.flags | ITEM_FLAGS.isStale) & ~ITEM_FLAGS.isLeased;
    const nowMs = store.nowMs();
    const exptime = exptimeSeconds(expiresAt - nowMs, nowMs);
    const operations = withVersion(stale.operations, found.itemVersion);
    const bytes = encodeItem({ ...stale, operations, flags, expiresAt });
    const cas = await store.replaceBytes(found, bytes, exptime, call);
    return cas === undefined ? undefined : found.live !== undefined;
  }
}

/** How long somebody else's lease may last, in ms; 0 when there is none. */
function remainingLeaseMs(found: FoundItem, stale: Item | undefined, nowMs: number): number {
  if (stale?.leasedUntil !== undefined) return stale.leasedUntil - nowMs;
  // An empty item is a lease, until the server ends it.
  const isEmptyItem = found.item === undefined && metaFlag(found.replyFlags, "s") === "0";
  return isEmptyItem ? Math.max(1, Number(metaFlag(found.replyFlags, "t") ?? 0)) * 1_000 : 0;
}

function foundFor({ key, metaKey, cas, connection, namespace }: LoadLease): FoundItem {
  const nothing = { item: undefined, live: undefined, itemVersion: 0, replyFlags: "", others: [] };
  return { key, metaKey, connection, cas, namespace, ...nothing };
}
