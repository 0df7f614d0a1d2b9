import type { EntryWrite } from "../../backend/stored-entry.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaKey, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { CountedOperation } from "./counted-operation.ts";
import { assertBytes, assertItemFits, maxItemBytesOf } from "./entry-limits.ts";
import { exptimeSeconds } from "./exptime.ts";
import { encodeItem, ITEM_FLAGS, type Item, itemEndsAt, STALE_NOTE_BYTES } from "./item-layout.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { ServerCall } from "./server-call.ts";
import type { TagMark } from "./tag-mark.ts";

/** An entry on its way into the server. */
export interface OutgoingEntry {
  readonly key: MetaKey;
  readonly write: EntryWrite;
  readonly chain: NamespaceChain;
  readonly expiresAt: number;
  readonly call: ServerCall;
}

/** What the requests of outgoing entries are made with. */
export interface OutgoingEntriesParts {
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly clock: Pick<Clock, "wallMs">;
}

const NO_OPERATIONS: readonly CountedOperation[] = Object.freeze([]);

/** Makes items and requests of the entries of mode `coherent` that are to be written. */
export class OutgoingEntries {
  readonly #parts: OutgoingEntriesParts;

  constructor(parts: OutgoingEntriesParts) {
    this.#parts = parts;
  }

  /** An entry whose TTL begins now. @throws TypeError for a value that is no bytes */
  begin(key: string, write: EntryWrite, call: ServerCall): OutgoingEntry {
    assertBytes(write.value);
    const { clock, namespaces } = this.#parts;
    const expiresAt = clock.wallMs() + write.ttlMs;
    return { key: encodeMemcachedKey(key), write, chain: namespaces.chainOf(key), expiresAt, call };
  }

  /** The request that writes an entry, whatever stands there. @throws EntryTooLargeError */
  requestFor(entry: OutgoingEntry, namespace: NamespaceState, tags: readonly TagMark[]): MetaRequest {
    return this.requestOf(entry.key, itemOf(entry, namespace, tags), "");
  }

  /** The request that writes an item under a condition, such as `C123`; the empty text: whatever stands there. @throws EntryTooLargeError */
  requestOf(key: MetaKey, item: Item, condition: string): MetaRequest {
    const { client, clock } = this.#parts;
    const value = encodeItem(item);
    // With room for the note: a stale value that had none could not stand in for the first load already.
    const isKeptStale = (item.staleMs ?? 0) > 0 && (item.flags & ITEM_FLAGS.isStale) === 0;
    const bytes = isKeptStale ? value.length + STALE_NOTE_BYTES : value.length;
    assertItemFits(key.text, bytes, maxItemBytesOf(client));
    const nowMs = clock.wallMs();
    const exptime = exptimeSeconds(itemEndsAt(item) - nowMs, nowMs);
    return { kind: "set", key, value, flags: condition === "" ? `c T${exptime}` : `c ${condition} T${exptime}` };
  }
}

/** The item of an entry with the marks that it is to carry. */
export function itemOf({ write, expiresAt }: OutgoingEntry, { mark }: NamespaceState, tags: readonly TagMark[]): Item {
  const { staleMs } = write;
  return { flags: 0, expiresAt, staleMs, mark, tags, operations: NO_OPERATIONS, payload: write.value as Uint8Array };
}
