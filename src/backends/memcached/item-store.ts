import type { EntryWrite, WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedConnectionId } from "../../clients/memcached/memcached-client.ts";
import type { MetaKey, MetaReply, MetaRequest, MetaStatus } from "../../clients/memcached/meta-message.ts";
import type { CountedOperation } from "./counted-operation.ts";
import type { Item } from "./item-layout.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { ServerCall } from "./server-call.ts";

/** What stands under a key. */
export interface FoundItem {
  readonly key: string;
  readonly metaKey: MetaKey;
  /** Brought the answer; what is written on condition of `cas` goes over it, for CAS numbers repeat after a restart. */
  readonly connection: MemcachedConnectionId;
  /** Of whatever stands there; `undefined`: nothing does. */
  readonly cas: number | undefined;
  /** `undefined` when nothing stands there, or nothing of ours: a lease, somebody else's bytes. */
  readonly item: Item | undefined;
  /** The item, when it is a live entry. */
  readonly live: Item | undefined;
  /** Whether it would be live, had none of its tags been invalidated. Default: not known. */
  readonly hasDeadTags?: boolean | undefined;
  /** Version of the item, live or not; 0 when nothing stands there. */
  readonly itemVersion: number;
  /** The flags of the server's reply. */
  readonly replyFlags: string;
  /** Mode `coherent`: the state of the key's namespaces, read over the same connection; `undefined` when a mark is missing. */
  readonly namespace: NamespaceState | undefined;
  /** Replies to what else was read with it, after it and over the same connection. */
  readonly others: readonly MetaReply[];
}

/** An item about to be written, and what its version counts from. */
export interface ItemDraft {
  readonly item: Item;
  readonly versionBase: number;
  /** Whether it has the TTL of the item that it replaces. Default: it has its own. */
  readonly keepsTtl?: boolean | undefined;
}

/** Items of one server in the form of one mode. The writes on condition and the counters of both modes stand on it. */
export interface ItemStore {
  /** The time by which entries expire, ms since the epoch. */
  nowMs(): number;
  /** What stands under a key; `others` are read after it. */
  find(key: string, call: ServerCall, others?: readonly MetaRequest[]): Promise<FoundItem>;
  /** What stands under keys, in their order. */
  findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]>;
  /** The item of a write; `undefined` when `tagsUnchangedSince` refuses it. */
  draft(key: string, write: EntryWrite, call: ServerCall): Promise<ItemDraft | undefined>;
  /** The live item changed; everything else of it stays. */
  redraft(found: FoundItem, changes: Partial<Item>): ItemDraft;
  /**
   * Writes where nothing changed since `found` was read: nothing was written, deleted or evicted, and the server did not restart.
   *
   * @returns the version, or `undefined` when something changed; then nothing was written
   */
  replace(found: FoundItem, draft: ItemDraft, call: ServerCall): Promise<number | undefined>;
  /**
   * Where the server can move a counter by itself: as {@link ItemStore.replace}, from one integer to another, without touching the rest.
   * `"other"`: not these; use `replace`.
   */
  move?(found: FoundItem, from: bigint, to: bigint, call: ServerCall): Promise<number | undefined | "other">;
  /** Removes what was found, if it is still that. @returns the server's word, or `"lost"` when the connection is gone; nothing was sent then */
  remove(found: FoundItem, call: ServerCall): Promise<MetaStatus | "lost">;
  /** Writes whatever stands there; `undefined` when `tagsUnchangedSince` refuses it. */
  put(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult | undefined>;
  /** Writes many, whatever stands there. */
  putMulti(items: ReadonlyArray<readonly [string, EntryWrite]>, call: ServerCall): Promise<readonly WriteResult[]>;
  /** Keeps what counters counted, before it is gone with their items. */
  keepOperations(
    key: string,
    operations: readonly CountedOperation[],
    itemVersion: number,
    call: ServerCall,
  ): Promise<void>;
}
