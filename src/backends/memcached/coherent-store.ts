import type { EntryWrite, WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import type { MetaRequest, MetaStatus } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { CoherentBatchWrites } from "./coherent-batch-writes.ts";
import { CoherentFinds, type Reservation } from "./coherent-finds.ts";
import { CoherentWrite, type GuessedWriter, isSameState } from "./coherent-write.ts";
import type { CountedOperation } from "./counted-operation.ts";
import { isItemFitting, maxItemBytesOf } from "./entry-limits.ts";
import type { Item } from "./item-layout.ts";
import type { FoundItem, ItemDraft, ItemStore } from "./item-store.ts";
import { MarksForWrites } from "./marks-for-writes.ts";
import type { NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { OperationKeys } from "./operation-keys.ts";
import { itemOf, OutgoingEntries, type OutgoingEntry } from "./outgoing-entries.ts";
import { sendPinned } from "./pinned-request.ts";
import { casOf } from "./reply-cas.ts";
import type { ServerCall } from "./server-call.ts";
import type { TranslateError } from "./server-error.ts";
import { unverifiedWrite } from "./store-errors.ts";
import type { TagMark } from "./tag-mark.ts";
import type { TagMarks } from "./tag-marks.ts";
import { versionOf } from "./version-number.ts";

/** What a {@link CoherentStore} is made with. */
export interface CoherentStoreParts {
  readonly name: string;
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly tags: TagMarks;
  readonly operations: OperationKeys;
  readonly clock: Pick<Clock, "wallMs">;
  readonly translate: TranslateError;
}

const NO_MARKS: readonly TagMark[] = Object.freeze([]);

/**
 * Items of mode `coherent`: each carries the marks that its namespaces and tags had when it was written, and is live while all of them are
 * still the same and its instant has not come. See `docs/design/memcached-store.md`.
 */
export class CoherentStore implements ItemStore, GuessedWriter<OutgoingEntry> {
  readonly #parts: CoherentStoreParts;
  readonly #finds: CoherentFinds;
  readonly #marks: MarksForWrites;
  readonly #entries: OutgoingEntries;
  readonly #batches: CoherentBatchWrites;

  constructor(parts: CoherentStoreParts) {
    const { client, namespaces } = parts;
    this.#parts = parts;
    this.#finds = new CoherentFinds(parts);
    this.#marks = new MarksForWrites(parts);
    this.#entries = new OutgoingEntries(parts);
    this.#batches = new CoherentBatchWrites({ client, namespaces, marks: this.#marks, entries: this.#entries });
  }

  nowMs(): number {
    return this.#parts.clock.wallMs();
  }

  find(key: string, call: ServerCall, others?: readonly MetaRequest[]): Promise<FoundItem> {
    return this.#finds.find(key, call, others);
  }

  /** See {@link CoherentFinds.findOrReserve}. */
  findOrReserve(slice: readonly Reservation[]): Promise<readonly (FoundItem | MemcachedServerError)[]> {
    return this.#finds.findOrReserve(slice);
  }

  /** Whether the server takes so many bytes for an item. */
  hasRoomFor({ metaKey }: FoundItem, valueBytes: number): boolean {
    return isItemFitting(metaKey.text, valueBytes, maxItemBytesOf(this.#parts.client));
  }

  findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    return this.#finds.findMulti(keys, call);
  }

  /** See {@link CoherentFinds.isUntouched}. */
  isUntouched(found: FoundItem): Promise<boolean> {
    return this.#finds.isUntouched(found);
  }

  /** Writes bytes of any kind where nothing changed since `found` was read. @returns the CAS number, or `undefined` when something changed */
  async replaceBytes(
    found: FoundItem,
    value: Uint8Array,
    exptime: number,
    call: ServerCall,
  ): Promise<number | undefined> {
    const request = { kind: "set", key: found.metaKey, value, flags: `c C${found.cas} T${exptime}` } as const;
    const reply = await sendPinned(this.#parts.client, found.connection, request, call);
    return reply?.status === "HD" ? casOf(reply.flags) : undefined;
  }

  async draft(key: string, write: EntryWrite, call: ServerCall): Promise<ItemDraft | undefined> {
    return this.draftIn(key, write, await this.namespaceOf(key, call), call);
  }

  /** The state of a key's namespaces now. */
  namespaceOf(key: string, call: ServerCall): Promise<NamespaceState> {
    return this.#marks.ofNamespaces(this.#parts.namespaces.chainOf(key), call);
  }

  /** Whether the key's namespaces are still in a state. */
  async isNamespaceIn(key: string, state: NamespaceState): Promise<boolean> {
    const { namespaces } = this.#parts;
    return isSameState(state, await namespaces.current(namespaces.chainOf(key)));
  }

  /** The item of a write with the marks of an earlier state of its namespaces: dead already when they were cleared since. */
  async draftIn(
    key: string,
    write: EntryWrite,
    namespace: NamespaceState,
    call: ServerCall,
  ): Promise<ItemDraft | undefined> {
    const { versionBase } = namespace;
    const outgoing = this.#entries.begin(key, write, call);
    const tags = await this.#marks.ofTags(write, versionBase, call);
    return tags && { item: itemOf(outgoing, namespace, tags), versionBase };
  }

  redraft(found: FoundItem, changes: Partial<Item>): ItemDraft {
    // The marks stay as they are: what was cleared meanwhile stays cleared.
    return { item: { ...(found.live as Item), ...changes }, versionBase: versionBaseOf(found) };
  }

  async replace(found: FoundItem, draft: ItemDraft, call: ServerCall): Promise<number | undefined> {
    const condition = found.cas === undefined ? "ME" : `C${found.cas}`;
    const request = this.#entries.requestOf(found.metaKey, draft.item, condition);
    const reply = await sendPinned(this.#parts.client, found.connection, request, call);
    return reply?.status === "HD" ? versionOf(draft.versionBase, casOf(reply.flags)) : undefined;
  }

  async remove(found: FoundItem, call: ServerCall): Promise<MetaStatus | "lost"> {
    const request = { kind: "delete", key: found.metaKey, flags: `C${found.cas}` } as const;
    return (await sendPinned(this.#parts.client, found.connection, request, call))?.status ?? "lost";
  }

  /**
   * One round trip: the entry is written with the marks that were seen last, and they are read behind it. Where they are others by now, as
   * rarely as somebody clears, it was written for nothing and is written again.
   */
  put(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult | undefined> {
    const outgoing = this.#entries.begin(key, write, call);
    const { chain } = outgoing;
    const guess = write.tags.length === 0 ? chain.lastState : undefined;
    if (guess === undefined) return this.writeAnew(outgoing);
    const { client, namespaces } = this.#parts;
    const request = this.#entries.requestFor(outgoing, guess, NO_MARKS);
    const turn = namespaces.turnOf(chain);
    return new Promise((resolve, reject) =>
      client.sendTo(request, call.write, new CoherentWrite(this, outgoing, guess, turn, resolve, reject)),
    );
  }

  /** @internal Writes an entry with the state that its namespaces have now. */
  async writeAnew(outgoing: OutgoingEntry): Promise<WriteResult | undefined> {
    const { call, chain, write } = outgoing;
    try {
      const namespace = await this.#marks.ofNamespaces(chain, call);
      const tags = await this.#marks.ofTags(write, namespace.versionBase, call);
      return tags && (await this.#write(outgoing, namespace, tags, call));
    } catch (error) {
      throw this.refused(outgoing, error);
    }
  }

  /** @internal The entry was written; without its marks nobody knows whether it counts. */
  unverified({ call }: OutgoingEntry, error: unknown): unknown {
    return unverifiedWrite(this.#parts.name, call.operation, error);
  }

  /** @internal */
  refused({ call }: OutgoingEntry, error: unknown): unknown {
    return this.#parts.translate(error, call.operation);
  }

  /** As {@link CoherentStore.put}, in one round trip for each thousand entries or 4 MiB, one after another. */
  putMulti(items: ReadonlyArray<readonly [string, EntryWrite]>, call: ServerCall): Promise<readonly WriteResult[]> {
    return this.#batches.write(
      items.map(([key, write]) => this.#entries.begin(key, write, call)),
      call,
    );
  }

  keepOperations(
    key: string,
    operations: readonly CountedOperation[],
    itemVersion: number,
    call: ServerCall,
  ): Promise<void> {
    return this.#parts.operations.keep(key, operations, itemVersion, call);
  }

  async #write(
    outgoing: OutgoingEntry,
    namespace: NamespaceState,
    tags: readonly TagMark[],
    call: ServerCall,
  ): Promise<WriteResult> {
    const request = this.#entries.requestFor(outgoing, namespace, tags);
    const { reply } = await this.#parts.client.send(request, call.write);
    return { stored: true, version: versionOf(namespace.versionBase, casOf(reply.flags)) };
  }
}

function versionBaseOf({ itemVersion, cas }: FoundItem): number {
  return Math.round((itemVersion - (cas ?? 0)) / versionOf(1, 0));
}
