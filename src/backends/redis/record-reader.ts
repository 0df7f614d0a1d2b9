import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { namespaceOf } from "../../entry/namespace-path.ts";
import { CallNamespaces } from "./call-namespaces.ts";
import {
  entryOf,
  type GenerationMark,
  hasTags,
  isCurrentData,
  isKeptBeyondEnd,
  isRecord,
  serverExpiryOf,
  tagMarksOf,
} from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import { dataKey, SHARD_COUNT, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";
import { TurnQueue } from "./turn-queue.ts";

/** Keys of one MGET. More would keep the server from others, and a reply of large values from being used while the next is sent. */
const MAX_CALL_KEYS = 128;
const OPTIONS: RedisCallOptions = { operation: "get", kind: "read" };

/** Who waits for the entries of some keys. */
export interface RecordReadOwner {
  readonly operation: string;
  readonly signal: AbortSignal | undefined;
  /** Takes the entry of the key at a place. */
  take(place: number, entry: StoredEntry | undefined): void;
  fail(error: unknown): void;
}

interface RecordRead {
  readonly key: string;
  readonly place: number;
  readonly owner: RecordReadOwner;
}

/**
 * Reads records. All reads of one turn go out as one MGET for each server (for each shard of a cluster), which also names the generations of the namespaces in
 * it, so that entries and what decides about them are of one moment. Entries with tags take one more for the tags of the turn.
 */
export class RecordReader {
  readonly #parts: StoreParts;
  readonly #tags: TagStore;
  readonly #isCluster: boolean;
  readonly #queue: TurnQueue<RecordRead>;

  constructor(parts: StoreParts, tags: TagStore) {
    this.#parts = parts;
    this.#tags = tags;
    this.#isCluster = parts.client.topology === "cluster";
    this.#queue = new TurnQueue((reads) => this.#send(reads));
  }

  /** Takes a key for this turn's reads. */
  add(key: string, place: number, owner: RecordReadOwner): void {
    this.#queue.push({ key, place, owner });
  }

  #send(reads: RecordRead[]): void {
    if (!this.#isCluster) {
      this.#sendChunks(0, reads);
      return;
    }
    const shards: (RecordRead[] | undefined)[] = new Array(SHARD_COUNT);
    for (const read of reads) {
      const shard = shardOfKey(read.key);
      const own = shards[shard];
      if (own === undefined) shards[shard] = [read];
      else own.push(read);
    }
    for (const [shard, own] of shards.entries()) if (own !== undefined) this.#sendChunks(shard, own);
  }

  #sendChunks(shard: number, reads: RecordRead[]): void {
    if (reads.length <= MAX_CALL_KEYS) {
      void this.#read(shard, reads);
      return;
    }
    for (let start = 0; start < reads.length; start += MAX_CALL_KEYS) {
      void this.#read(shard, reads.slice(start, start + MAX_CALL_KEYS));
    }
  }

  async #read(shard: number, asked: readonly RecordRead[]): Promise<void> {
    const reads = asked.some(({ owner }) => owner.signal?.aborted) ? dropAborted(asked) : asked;
    if (reads.length === 0) return;
    const args: (string | Buffer)[] = ["MGET"];
    const namespaces = new CallNamespaces();
    for (const { key } of reads) {
      args.push(dataKey(this.#isCluster ? shard : shardOfKey(key), key));
      namespaces.add(namespaceOf(key));
    }
    for (const level of namespaces.levels()) args.push(this.#parts.keys.generationKey(shard, level));
    try {
      const slot = slotOfShard(shard);
      const replies = (await this.#parts.client.call(slot, args, OPTIONS)) as readonly RedisReply[];
      const offsetMs = this.#parts.client.clockOffsetMs(slot);
      namespaces.read(replies, reads.length);
      for (const [index, read] of reads.entries()) {
        this.#settle(read, replies[index] as RedisReply, namespaces.markOf(namespaceOf(read.key)), offsetMs);
      }
    } catch (error) {
      for (const { owner } of reads) owner.fail(translateRedisError(this.#parts.name, owner.operation, error));
    }
  }

  #settle(read: RecordRead, reply: RedisReply, mark: GenerationMark | undefined, offsetMs: number): void {
    const { owner, place } = read;
    if (mark === undefined || !Buffer.isBuffer(reply) || !isRecord(reply) || !isCurrentData(reply, mark)) {
      owner.take(place, undefined);
    } else if (isKeptBeyondEnd(reply) && serverExpiryOf(reply) <= this.#parts.clock.wallMs() + offsetMs) {
      owner.take(place, undefined);
    } else if (hasTags(reply)) {
      void this.#settleTagged(read, reply, offsetMs);
    } else {
      owner.take(place, entryOf(reply, offsetMs, undefined));
    }
  }

  async #settleTagged({ owner, place }: RecordRead, record: Buffer, offsetMs: number): Promise<void> {
    const tags = tagMarksOf(record);
    try {
      const isLive = tags !== undefined && (await this.#tags.areCurrent(tags));
      owner.take(place, isLive ? entryOf(record, offsetMs, tags) : undefined);
    } catch (error) {
      owner.fail(translateRedisError(this.#parts.name, owner.operation, error));
    }
  }
}

function dropAborted(reads: readonly RecordRead[]): readonly RecordRead[] {
  return reads.filter(({ owner }) => {
    if (owner.signal?.aborted !== true) return true;
    owner.fail(owner.signal.reason);
    return false;
  });
}
