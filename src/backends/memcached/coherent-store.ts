import type { EntryWrite, WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedClient, MemcachedConnectionId } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import type { MetaKey, MetaReply, MetaRequest, MetaStatus } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { runSlices, sliceByBytes, sliceByCount } from "./batch-slices.ts";
import { CoherentWrite, type GuessedWriter, isSameState } from "./coherent-write.ts";
import type { CountedOperation } from "./counted-operation.ts";
import { assertBytes, assertItemFits, isItemFitting, maxItemBytesOf } from "./entry-limits.ts";
import { exptimeSeconds } from "./exptime.ts";
import {
  decodeItem,
  encodeItem,
  ITEM_FLAGS,
  type Item,
  isLiveItem,
  itemEndsAt,
  STALE_NOTE_BYTES,
} from "./item-layout.ts";
import { askItems, type ItemQuestion } from "./item-question.ts";
import type { FoundItem, ItemDraft, ItemStore } from "./item-store.ts";
import { isSameMark } from "./mark.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { OperationKeys } from "./operation-keys.ts";
import { sendPinned } from "./pinned-request.ts";
import { casOf } from "./reply-cas.ts";
import { expectReplies, readOptions, type ServerCall } from "./server-call.ts";
import type { TranslateError } from "./server-error.ts";
import { lostMarks, unverifiedWrite } from "./store-errors.ts";
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

/** An entry on its way into the server. */
export interface Outgoing {
  readonly key: MetaKey;
  readonly write: EntryWrite;
  readonly chain: NamespaceChain;
  readonly expiresAt: number;
  readonly call: ServerCall;
}

const NO_OPERATIONS: readonly CountedOperation[] = Object.freeze([]);
const NO_MARKS: readonly TagMark[] = Object.freeze([]);
const NO_REPLIES: readonly MetaReply[] = Object.freeze([]);
const READ_FLAGS = "c v";
const NOTHING: MetaReply = Object.freeze({ status: "EN", value: undefined, flags: "" });

/** A key that is read, and reserved where nothing stands. */
export interface Reservation {
  readonly key: string;
  /** How long, in seconds. */
  readonly seconds: number;
}

/**
 * Items of mode `coherent`: each carries the marks that its namespaces and tags had when it was written, and is live while all of them are
 * still the same and its instant has not come. See `docs/design/memcached-store.md`.
 */
export class CoherentStore implements ItemStore, GuessedWriter<Outgoing> {
  readonly #name: string;
  readonly #client: MemcachedClient;
  readonly #namespaces: NamespaceMarks;
  readonly #tags: TagMarks;
  readonly #operations: OperationKeys;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #translate: TranslateError;

  constructor({ name, client, namespaces, tags, operations, clock, translate }: CoherentStoreParts) {
    this.#name = name;
    this.#client = client;
    this.#namespaces = namespaces;
    this.#tags = tags;
    this.#operations = operations;
    this.#clock = clock;
    this.#translate = translate;
  }

  nowMs(): number {
    return this.#clock.wallMs();
  }

  async find(key: string, call: ServerCall, others: readonly MetaRequest[] = []): Promise<FoundItem> {
    const [found] = await this.#findSlice([key], call, others);
    return found as FoundItem;
  }

  /**
   * As {@link CoherentStore.findMulti} for up to a thousand keys, but where nothing stands an empty item is made for so long, and the flag `W` says that
   * it was. An error of the server to one key is that key's result. Nobody can leave it: many callers share it.
   */
  async findOrReserve(slice: readonly Reservation[]): Promise<readonly (FoundItem | MemcachedServerError)[]> {
    const keys = slice.map(({ key }) => key);
    const question = askItems(
      this.#namespaces,
      keys,
      [],
      (index) => `${READ_FLAGS} s t N${(slice[index] as Reservation).seconds}`,
    );
    const answer = await this.#client.sendBatch(question.requests, readOptions("load", {}));
    const errors = answer.replies.slice(0, keys.length).map((reply) => reply instanceof MemcachedServerError && reply);
    // The marks are needed for all of them.
    const marks = expectReplies({ ...answer, replies: answer.replies.slice(keys.length) }).replies;
    const own = answer.replies.slice(0, keys.length);
    const replies = own.map((reply) => (reply instanceof MemcachedServerError ? NOTHING : reply));
    const found = await this.#foundIn(keys, question, NO_REPLIES, [...replies, ...marks], answer.connection);
    return found.map((one, index) => errors[index] || one);
  }

  /** Whether the server takes so many bytes for an item. */
  hasRoomFor({ metaKey }: FoundItem, valueBytes: number): boolean {
    return isItemFitting(metaKey.text, valueBytes, maxItemBytesOf(this.#client));
  }

  /** Whether the item's tags and namespaces are what they were when it was written, whatever else ended it. */
  async isUntouched({ item, namespace, hasDeadTags }: FoundItem): Promise<boolean> {
    if (item === undefined || namespace === undefined || !isSameMark(item.mark, namespace.mark)) return false;
    if (hasDeadTags === true) return false;
    return item.tags.length === 0 || this.#tags.isUnchanged(item.tags);
  }

  /** Writes bytes of any kind where nothing changed since `found` was read. @returns the CAS number, or `undefined` when something changed */
  async replaceBytes(
    found: FoundItem,
    value: Uint8Array,
    exptime: number,
    call: ServerCall,
  ): Promise<number | undefined> {
    const flags = `c C${found.cas} T${exptime}`;
    const reply = await sendPinned(
      this.#client,
      found.connection,
      { kind: "set", key: found.metaKey, value, flags },
      call,
    );
    return reply?.status === "HD" ? casOf(reply.flags) : undefined;
  }

  /** One round trip for each thousand keys, some at the same time; one more when some have tags. */
  async findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    const slices = await runSlices(sliceByCount(keys), (slice) => this.#findSlice(slice, call, []));
    return slices.length === 1 ? (slices[0] as readonly FoundItem[]) : slices.flat();
  }

  async draft(key: string, write: EntryWrite, call: ServerCall): Promise<ItemDraft | undefined> {
    return this.draftIn(key, write, await this.namespaceOf(key, call), call);
  }

  /** The state of a key's namespaces now. */
  namespaceOf(key: string, call: ServerCall): Promise<NamespaceState> {
    return this.#ensure(this.#namespaces.chainOf(key), call);
  }

  /** Whether the key's namespaces are still in a state. */
  async isNamespaceIn(key: string, state: NamespaceState): Promise<boolean> {
    return isSameState(state, await this.#namespaces.current(this.#namespaces.chainOf(key)));
  }

  /** The item of a write with the marks of an earlier state of its namespaces: dead already when they were cleared since. */
  async draftIn(
    key: string,
    write: EntryWrite,
    namespace: NamespaceState,
    call: ServerCall,
  ): Promise<ItemDraft | undefined> {
    const outgoing = this.#outgoing(key, write, call);
    const tags = await this.#marksFor(write, namespace, call);
    return tags && { item: toItem(outgoing, namespace, tags), versionBase: namespace.versionBase };
  }

  redraft(found: FoundItem, changes: Partial<Item>): ItemDraft {
    // The marks stay as they are: what was cleared meanwhile stays cleared.
    return { item: { ...(found.live as Item), ...changes }, versionBase: versionBaseOf(found) };
  }

  async replace(found: FoundItem, draft: ItemDraft, call: ServerCall): Promise<number | undefined> {
    const request = this.#writeRequest(found.metaKey, draft.item, found.cas === undefined ? "ME" : `C${found.cas}`);
    const reply = await sendPinned(this.#client, found.connection, request, call);
    return reply?.status === "HD" ? versionOf(draft.versionBase, casOf(reply.flags)) : undefined;
  }

  async remove(found: FoundItem, call: ServerCall): Promise<MetaStatus | "lost"> {
    const request = { kind: "delete", key: found.metaKey, flags: `C${found.cas}` } as const;
    return (await sendPinned(this.#client, found.connection, request, call))?.status ?? "lost";
  }

  /**
   * One round trip: the entry is written with the marks that were seen last, and they are read behind it. Where they are others by now, as
   * rarely as somebody clears, it was written for nothing and is written again.
   */
  put(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult | undefined> {
    const outgoing = this.#outgoing(key, write, call);
    const { chain } = outgoing;
    const guess = write.tags.length === 0 ? chain.lastState : undefined;
    if (guess === undefined) return this.writeAnew(outgoing);
    const request = this.#writeRequest(outgoing.key, toItem(outgoing, guess, NO_MARKS), "");
    const turn = this.#namespaces.turnOf(chain);
    return new Promise((resolve, reject) =>
      this.#client.sendTo(request, call.write, new CoherentWrite(this, outgoing, guess, turn, resolve, reject)),
    );
  }

  /** @internal Writes an entry with the state that its namespaces have now. */
  async writeAnew(outgoing: Outgoing): Promise<WriteResult | undefined> {
    const { call, chain, write } = outgoing;
    try {
      const namespace = await this.#ensure(chain, call);
      const tags = await this.#marksFor(write, namespace, call);
      return tags && (await this.#write(outgoing, namespace, tags, call));
    } catch (error) {
      throw this.refused(outgoing, error);
    }
  }

  /** @internal The entry was written; without its marks nobody knows whether it counts. */
  unverified({ call }: Outgoing, error: unknown): unknown {
    return unverifiedWrite(this.#name, call.operation, error);
  }

  /** @internal */
  refused({ call }: Outgoing, error: unknown): unknown {
    return this.#translate(error, call.operation);
  }

  /** As {@link CoherentStore.put}, in one round trip for each thousand entries or 4 MiB, one after another. */
  async putMulti(
    items: ReadonlyArray<readonly [string, EntryWrite]>,
    call: ServerCall,
  ): Promise<readonly WriteResult[]> {
    const all = items.map(([key, write]) => this.#outgoing(key, write, call));
    const results: WriteResult[] = [];
    for (const slice of sliceByBytes(all, ({ write }) => (write.value as Uint8Array).length)) {
      results.push(...(await this.#putSlice(slice, call)));
    }
    return results;
  }

  keepOperations(
    key: string,
    operations: readonly CountedOperation[],
    itemVersion: number,
    call: ServerCall,
  ): Promise<void> {
    return this.#operations.keep(key, operations, itemVersion, call);
  }

  async #putSlice(slice: readonly Outgoing[], call: ServerCall): Promise<readonly WriteResult[]> {
    const chains = [...new Set(slice.map(({ chain }) => chain))];
    const isGuessed = slice.every(({ write, chain }) => write.tags.length === 0 && chain.lastState !== undefined);
    if (isGuessed) {
      const guesses = new Map(chains.map((chain) => [chain, chain.lastState as NamespaceState]));
      const requests = slice.map((one) => this.#putRequest(one, guesses, new Map()));
      const marks = chains.flatMap((chain) => chain.requests);
      const { replies } = await call.batch(this.#client, [...requests, ...marks], call.write);
      const states = this.#namespaces.statesIn(chains, replies, slice.length);
      if (chains.every((chain) => isSameState(guesses.get(chain), states.get(chain))))
        return toResults(slice, replies, guesses);
    }
    const ensured = await Promise.all(chains.map(async (chain) => [chain, await this.#ensure(chain, call)] as const));
    const states = new Map(ensured);
    const tags = [...new Set(slice.flatMap(({ write }) => write.tags))];
    const marks = await this.#tags.marksFor(tags, undefined, 0, call);
    if (marks === undefined) throw lostMarks(this.#name, call.operation);
    const markOf = new Map(marks.map((mark) => [mark.tag, mark]));
    const requests = slice.map((one) => this.#putRequest(one, states, markOf));
    const { replies } = await call.batch(this.#client, requests, call.write);
    return toResults(slice, replies, states);
  }

  #putRequest(
    outgoing: Outgoing,
    states: ReadonlyMap<NamespaceChain, NamespaceState>,
    markOf: ReadonlyMap<string, TagMark>,
  ): MetaRequest {
    const tags = outgoing.write.tags.map((tag) => markOf.get(tag) as TagMark);
    const namespace = states.get(outgoing.chain) as NamespaceState;
    return this.#writeRequest(outgoing.key, toItem(outgoing, namespace, tags), "");
  }

  async #write(
    outgoing: Outgoing,
    namespace: NamespaceState,
    tags: readonly TagMark[],
    call: ServerCall,
  ): Promise<WriteResult> {
    const request = this.#writeRequest(outgoing.key, toItem(outgoing, namespace, tags), "");
    const { reply } = await this.#client.send(request, call.write);
    return { stored: true, version: versionOf(namespace.versionBase, casOf(reply.flags)) };
  }

  #writeRequest(key: MetaKey, item: Item, condition: string): MetaRequest {
    const value = encodeItem(item);
    // With room for the note: a stale value that had none could not stand in for the first load already.
    const isKeptStale = (item.staleMs ?? 0) > 0 && (item.flags & ITEM_FLAGS.isStale) === 0;
    const bytes = isKeptStale ? value.length + STALE_NOTE_BYTES : value.length;
    assertItemFits(key.text, bytes, maxItemBytesOf(this.#client));
    const nowMs = this.#clock.wallMs();
    const exptime = exptimeSeconds(itemEndsAt(item) - nowMs, nowMs);
    return { kind: "set", key, value, flags: condition === "" ? `c T${exptime}` : `c ${condition} T${exptime}` };
  }

  async #findSlice(
    keys: readonly string[],
    call: ServerCall,
    others: readonly MetaRequest[],
  ): Promise<readonly FoundItem[]> {
    const question = askItems(this.#namespaces, keys, others, () => READ_FLAGS);
    const { replies, connection } = await call.batch(this.#client, question.requests, call.read);
    const otherReplies = replies.slice(keys.length, keys.length + others.length);
    return this.#foundIn(keys, question, otherReplies, replies, connection);
  }

  async #foundIn(
    keys: readonly string[],
    { metaKeys, chains, distinct }: ItemQuestion,
    others: readonly MetaReply[],
    replies: readonly MetaReply[],
    connection: MemcachedConnectionId,
  ): Promise<readonly FoundItem[]> {
    const states = this.#namespaces.statesIn(distinct, replies, keys.length + others.length);
    const nowMs = this.#clock.wallMs();
    const found = keys.map((key, index): FoundItem => {
      const { value, flags } = replies[index] as MetaReply;
      const namespace = states.get(chains[index] as NamespaceChain);
      const cas = value === undefined ? undefined : casOf(flags);
      const item = value && decodeItem(value);
      const live =
        item !== undefined && namespace !== undefined && isLiveItem(item, namespace.mark, nowMs) ? item : undefined;
      const versionBase = namespace?.versionBase ?? this.#namespaces.versionBase;
      const itemVersion = cas === undefined ? 0 : versionOf(versionBase, cas);
      const metaKey = metaKeys[index] as MetaKey;
      return { key, metaKey, connection, cas, item, live, itemVersion, replyFlags: flags, namespace, others };
    });
    if (!found.some(({ live }) => live !== undefined && live.tags.length > 0)) return found;
    return Promise.all(found.map((one) => this.#withoutDeadTags(one)));
  }

  async #withoutDeadTags(found: FoundItem): Promise<FoundItem> {
    const { live } = found;
    if (live === undefined || live.tags.length === 0 || (await this.#tags.isUnchanged(live.tags))) return found;
    return { ...found, live: undefined, hasDeadTags: true };
  }

  #outgoing(key: string, write: EntryWrite, call: ServerCall): Outgoing {
    assertBytes(write.value);
    const expiresAt = this.#clock.wallMs() + write.ttlMs;
    return { key: encodeMemcachedKey(key), write, chain: this.#namespaces.chainOf(key), expiresAt, call };
  }

  async #ensure(chain: NamespaceChain, call: ServerCall): Promise<NamespaceState> {
    const namespace = await this.#namespaces.ensure(chain, call);
    if (namespace === undefined) throw lostMarks(this.#name, call.operation);
    return namespace;
  }

  async #marksFor(
    { tags, tagsUnchangedSince }: EntryWrite,
    { versionBase }: NamespaceState,
    call: ServerCall,
  ): Promise<readonly TagMark[] | undefined> {
    if (tags.length === 0) return NO_MARKS;
    const marks = await this.#tags.marksFor(tags, tagsUnchangedSince, versionBase, call);
    if (marks === undefined && tagsUnchangedSince === undefined) throw lostMarks(this.#name, call.operation);
    return marks;
  }
}

function toItem({ write, expiresAt }: Outgoing, { mark }: NamespaceState, tags: readonly TagMark[]): Item {
  const { staleMs } = write;
  return { flags: 0, expiresAt, staleMs, mark, tags, operations: NO_OPERATIONS, payload: write.value as Uint8Array };
}

function toResults(
  slice: readonly Outgoing[],
  replies: readonly MetaReply[],
  states: ReadonlyMap<NamespaceChain, NamespaceState>,
): readonly WriteResult[] {
  return slice.map(({ chain }, index) => {
    const { versionBase } = states.get(chain) as NamespaceState;
    return { stored: true, version: versionOf(versionBase, casOf((replies[index] as MetaReply).flags)) };
  });
}

function versionBaseOf({ itemVersion, cas }: FoundItem): number {
  return Math.round((itemVersion - (cas ?? 0)) / versionOf(1, 0));
}
