import type { OperationContext } from "../../backend/backend.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import {
  type MetaKey,
  type MetaReply,
  type MetaRequest,
  type MetaStatus,
  metaFlag,
} from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { readSlices, runSlices, sliceByBytes, sliceByCount } from "./batch-slices.ts";
import { assertBytes, assertItemFits, maxItemBytesOf } from "./entry-limits.ts";
import { exptimeSeconds } from "./exptime.ts";
import { GetRequest } from "./get-request.ts";
import type { Item } from "./item-layout.ts";
import type { FoundItem, ItemDraft, ItemStore } from "./item-store.ts";
import { NO_MARK } from "./mark.ts";
import { sendPinned } from "./pinned-request.ts";
import { ReadEntry } from "./read-entry.ts";
import { casOf } from "./reply-cas.ts";
import { sendDecoded } from "./send-decoded.ts";
import { readOptions, type ServerCall } from "./server-call.ts";
import type { TranslateError } from "./server-error.ts";
import { versionOf } from "./version-number.ts";

type Entry = StoredEntry | undefined;

const READ_FLAGS = "c v t";
const VALUE_FLAGS = "v";
/** A base for each restart that this client saw: room for 2^44 CAS numbers, and for 512 restarts before bases repeat. */
const BASE_STEP = 2 ** 32;
const BASE_COUNT = 512;
const NEVER = "-1";
const NOTHING: readonly never[] = Object.freeze([]);

/**
 * Items of mode `plain`: the bytes alone under the key alone, as other programs write and read them. What stands there is a live entry.
 * TTLs are the server's, in whole seconds.
 */
export class PlainStore implements ItemStore {
  readonly #client: MemcachedClient;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #translate: TranslateError;

  constructor(client: MemcachedClient, clock: Pick<Clock, "wallMs">, translate: TranslateError) {
    this.#client = client;
    this.#clock = clock;
    this.#translate = translate;
  }

  nowMs(): number {
    return this.#clock.wallMs();
  }

  /** The live entry of a key. */
  get(key: string, context: OperationContext): Promise<Entry> {
    const isValueEnough = context.isValueEnough === true;
    const request = new GetRequest(encodeMemcachedKey(key), isValueEnough ? VALUE_FLAGS : READ_FLAGS);
    const decode = isValueEnough ? valueIn : this.#entryIn;
    return sendDecoded(this.#client, request, readOptions("get", context), decode, this.#translate);
  }

  /** The live entries of keys, in their order. */
  getMulti(keys: readonly string[], context: OperationContext): Promise<readonly Entry[]> {
    return readSlices(keys, (slice) => this.#readSlice(slice, context));
  }

  #readSlice(keys: readonly string[], context: OperationContext): Promise<readonly Entry[]> {
    const isValueEnough = context.isValueEnough === true;
    const flags = isValueEnough ? VALUE_FLAGS : READ_FLAGS;
    const decode = isValueEnough ? valueIn : this.#entryIn;
    const requests: MetaRequest[] = [];
    for (const key of keys) requests.push(new GetRequest(encodeMemcachedKey(key), flags));
    return this.#client.sendBatch(requests, readOptions("getMulti", context)).then(
      ({ replies }) => {
        const entries: Entry[] = [];
        for (const reply of replies) {
          if (reply instanceof MemcachedServerError) throw this.#translate(reply, "getMulti");
          entries.push(decode(reply));
        }
        return entries;
      },
      (error: unknown) => {
        throw this.#translate(error, "getMulti");
      },
    );
  }

  async find(key: string, call: ServerCall, others: readonly MetaRequest[] = []): Promise<FoundItem> {
    const metaKey = encodeMemcachedKey(key);
    const { replies, connection } = await call.batch(
      this.#client,
      [new GetRequest(metaKey, READ_FLAGS), ...others],
      call.read,
    );
    return this.#found(key, metaKey, replies[0] as MetaReply, connection, replies.slice(1));
  }

  findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    return readSlices(keys, (slice) => this.#findSlice(slice, call));
  }

  async draft(_key: string, write: EntryWrite): Promise<ItemDraft> {
    assertBytes(write.value);
    const item: Item = {
      flags: 0,
      expiresAt: this.#clock.wallMs() + write.ttlMs,
      mark: NO_MARK,
      tags: [],
      operations: [],
      payload: write.value,
    };
    return { item, versionBase: this.#versionBase() };
  }

  redraft(found: FoundItem, changes: Partial<Item>): ItemDraft {
    const item = { ...(found.live as Item), ...changes };
    return { item, versionBase: this.#versionBase(), keepsTtl: changes.expiresAt === undefined };
  }

  async replace(found: FoundItem, draft: ItemDraft, call: ServerCall): Promise<number | undefined> {
    const { item, versionBase, keepsTtl } = draft;
    const remainingMs = item.expiresAt - this.#clock.wallMs();
    // What keeps the TTL that was read keeps the server's seconds: one more with each write, and it would never end.
    const exptime = keepsTtl === true ? secondsLeft(remainingMs) : this.#exptime(remainingMs);
    const condition = found.cas === undefined ? "ME" : `C${found.cas}`;
    const request = this.#writeRequest(found.metaKey, item.payload, `c ${condition} T${exptime}`);
    const reply = await sendPinned(this.#client, found.connection, request, call);
    return reply?.status === "HD" ? versionOf(versionBase, casOf(reply.flags)) : undefined;
  }

  /**
   * By the server's own arithmetic, which leaves the TTL alone; a write would have to give it anew, in whole seconds, and a counter that is
   * counted all the time would never end. Not below 0, where the server stops, nor to fewer digits, which it fills up with spaces.
   */
  async move(found: FoundItem, from: bigint, to: bigint, call: ServerCall): Promise<number | undefined | "other"> {
    if (from < 0n || to < 0n || to.toString().length < from.toString().length) return "other";
    const step = to >= from ? `D${to - from}` : `MD D${from - to}`;
    const request = { kind: "arithmetic", key: found.metaKey, flags: `c C${found.cas} ${step}` } as const;
    const reply = await sendPinned(this.#client, found.connection, request, call);
    return reply?.status === "HD" ? versionOf(this.#versionBase(), casOf(reply.flags)) : undefined;
  }

  async remove(found: FoundItem, call: ServerCall): Promise<MetaStatus | "lost"> {
    const request = { kind: "delete", key: found.metaKey, flags: `C${found.cas}` } as const;
    return (await sendPinned(this.#client, found.connection, request, call))?.status ?? "lost";
  }

  put(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult> {
    return sendDecoded(this.#client, this.#putRequest(key, write), call.write, this.#resultIn, this.#translate);
  }

  async putMulti(
    items: ReadonlyArray<readonly [string, EntryWrite]>,
    call: ServerCall,
  ): Promise<readonly WriteResult[]> {
    const requests = items.map(([key, write]) => this.#putRequest(key, write));
    const results: WriteResult[] = [];
    for (const slice of sliceByBytes(requests, ({ value }) => value.length)) {
      const { replies } = await call.batch(this.#client, slice, call.write);
      const versionBase = this.#versionBase();
      for (const { flags } of replies) results.push({ stored: true, version: versionOf(versionBase, casOf(flags)) });
    }
    return results;
  }

  /** There is no place for operations. */
  async keepOperations(): Promise<void> {}

  /** Gives a TTL without reading or writing the value. @returns whether the key was there */
  async touch(key: string, ttlMs: number, call: ServerCall): Promise<boolean> {
    const exptime = exptimeSeconds(ttlMs, this.#clock.wallMs());
    const request = { kind: "get", key: encodeMemcachedKey(key), flags: `T${exptime}` } as const;
    return (await this.#client.send(request, call.write)).reply.status === "HD";
  }

  /** Removes a key. @returns whether it was there */
  async delete(key: string, call: ServerCall): Promise<boolean> {
    return (await this.#client.send(deleteRequest(key), call.write)).reply.status === "HD";
  }

  /** Removes keys. @returns how many were there */
  async deleteMulti(keys: readonly string[], call: ServerCall): Promise<number> {
    const counts = await runSlices(sliceByCount(keys), async (slice) => {
      const { replies } = await call.batch(this.#client, slice.map(deleteRequest), call.write);
      return replies.filter(({ status }) => status === "HD").length;
    });
    return counts.reduce((total, count) => total + count, 0);
  }

  readonly #entryIn = ({ value, flags }: MetaReply): Entry =>
    value && new ReadEntry(value, versionOf(this.#versionBase(), casOf(flags)), this.#expiresAtIn(flags));

  readonly #resultIn = ({ flags }: MetaReply): WriteResult => ({
    stored: true,
    version: versionOf(this.#versionBase(), casOf(flags)),
  });

  #found(
    key: string,
    metaKey: MetaKey,
    { value, flags }: MetaReply,
    connection: number,
    others: readonly MetaReply[],
  ): FoundItem {
    const cas = value === undefined ? undefined : casOf(flags);
    const item = value === undefined ? undefined : this.#itemOf(value, flags);
    const itemVersion = cas === undefined ? 0 : versionOf(this.#versionBase(), cas);
    const namespace = undefined;
    return { key, metaKey, connection, cas, item, live: item, itemVersion, replyFlags: flags, namespace, others };
  }

  async #findSlice(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    const metaKeys = keys.map(encodeMemcachedKey);
    const requests = metaKeys.map((metaKey) => new GetRequest(metaKey, READ_FLAGS));
    const { replies, connection } = await call.batch(this.#client, requests, call.read);
    return keys.map((key, index) =>
      this.#found(key, metaKeys[index] as MetaKey, replies[index] as MetaReply, connection, []),
    );
  }

  #expiresAtIn(flags: string): number {
    const left = metaFlag(flags, "t") ?? NEVER;
    if (left === NEVER) return Number.POSITIVE_INFINITY;
    // Without the second that every write adds: an entry that is written with the rest of its TTL again and again must end.
    return this.#clock.wallMs() + Math.max(1, (Number(left) - 1) * 1_000);
  }

  #itemOf(payload: Buffer, flags: string): Item {
    return {
      flags: 0,
      expiresAt: this.#expiresAtIn(flags),
      mark: NO_MARK,
      tags: NOTHING,
      operations: NOTHING,
      payload,
    };
  }

  /** The rest of a TTL that is about to end is not made longer: two seconds more with each write, and the entry never would end. */
  #exptime(ttlMs: number): number {
    return ttlMs <= 1 ? 1 : exptimeSeconds(ttlMs, this.#clock.wallMs());
  }

  #versionBase(): number {
    return (this.#client.incarnation % BASE_COUNT) * BASE_STEP;
  }

  #putRequest(key: string, { value, ttlMs }: EntryWrite): MetaRequest & { readonly value: Uint8Array } {
    assertBytes(value);
    return this.#writeRequest(encodeMemcachedKey(key), value, `c T${this.#exptime(ttlMs)}`);
  }

  #writeRequest(key: MetaKey, value: Uint8Array, flags: string): MetaRequest & { readonly value: Uint8Array } {
    assertItemFits(key.text, value.length, maxItemBytesOf(this.#client));
    return { kind: "set", key, value, flags };
  }
}

/** An instant that was made of the server's seconds, as these seconds again. */
function secondsLeft(ttlMs: number): number {
  return ttlMs === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil((ttlMs + 999) / 1_000));
}

/** An entry of which the value is enough. */
function valueIn({ value }: MetaReply): Entry {
  return value && new ReadEntry(value, 0, Number.POSITIVE_INFINITY);
}

function deleteRequest(key: string): MetaRequest {
  return { kind: "delete", key: encodeMemcachedKey(key), flags: "" };
}
