import type { TierStamp } from "../../backend/shared-tier.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { namespaceOf } from "../../entry/namespace-path.ts";
import { CallNamespaces } from "./call-namespaces.ts";
import { headAt, parseEpoch, readShardEpoch, type ShardEpoch } from "./epoch.ts";
import {
  entryOf,
  type GenerationMark,
  hasTags,
  isCurrentData,
  isKeptBeyondEnd,
  isRecord,
  serverExpiryOf,
  type TagMark,
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
/** What goes to primaries only is no read for the client. */
const STAMPED: RedisCallOptions = { operation: "read", kind: "idempotent-write" };

/** How far our idea of the server's clock may be off; a connection that came up slowly measured it badly. */
const CLOCK_DOUBT_MS = 5_000;
const NO_TAG_MARKS: readonly TagMark[] = [];

/** Who waits for the entries of some keys. */
export interface RecordReadOwner {
  readonly operation: string;
  readonly signal: AbortSignal | undefined;
  /** Takes the entry of the key at a place, with its stamp if the reader gives stamps. */
  take(place: number, entry: StoredEntry | undefined, stamp?: TierStamp): void;
  fail(error: unknown): void;
}

/** What holds for all entries of one reply. */
interface Moment {
  readonly offsetMs: number;
  readonly stampOf: ((shard: number) => TierStamp) | undefined;
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
  readonly #isStamped: boolean;
  readonly #queue: TurnQueue<RecordRead>;

  /** @param isStamped reads come with stamps, and from primaries only: a replica's heads prove nothing */
  constructor(parts: StoreParts, tags: TagStore, isStamped: boolean) {
    this.#parts = parts;
    this.#isStamped = isStamped;
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
    const { client, keys, name } = this.#parts;
    const args: RedisArgument[] = ["MGET"];
    const namespaces = new CallNamespaces();
    for (const { key } of reads) {
      args.push(dataKey(this.#isCluster ? shard : shardOfKey(key), key));
      namespaces.add(namespaceOf(key));
    }
    for (const level of namespaces.levels()) args.push(keys.generationKey(shard, level));
    if (this.#isStamped) args.push(keys.headKey(shard), keys.epochKey(shard));
    try {
      const slot = slotOfShard(shard);
      const replies = (await client.call(slot, args, this.#isStamped ? STAMPED : OPTIONS)) as readonly RedisReply[];
      const moment = await this.#momentOf(shard, slot, replies);
      namespaces.read(replies, reads.length);
      for (const [index, read] of reads.entries()) {
        this.#settle(read, replies[index] as RedisReply, namespaces.markOf(namespaceOf(read.key)), moment);
      }
    } catch (error) {
      for (const { owner } of reads) owner.fail(translateRedisError(name, owner.operation, error));
    }
  }

  /** What holds for all entries of a reply. Not a promise unless the data has no epoch yet. */
  #momentOf(shard: number, slot: number, replies: readonly RedisReply[]): Moment | Promise<Moment> {
    const offsetMs = this.#parts.client.clockOffsetMs(slot);
    if (!this.#isStamped) return { offsetMs, stampOf: undefined };
    const heads = replies.at(-2);
    const text = replies.at(-1);
    const withEpoch = (epoch: ShardEpoch): Moment => ({
      offsetMs,
      stampOf: (of) => ({
        shard: of,
        head: headAt(heads, this.#parts.keys.headIndex(of)),
        epoch: epoch.id,
        bornAtMs: epoch.bornAtMs,
      }),
    });
    const epoch = Buffer.isBuffer(text) ? parseEpoch(text.toString()) : undefined;
    return epoch === undefined ? readShardEpoch(this.#parts, shard).then(withEpoch) : withEpoch(epoch);
  }

  #settle(read: RecordRead, reply: RedisReply, mark: GenerationMark | undefined, moment: Moment): void {
    if (mark === undefined || !Buffer.isBuffer(reply) || !isRecord(reply) || !isCurrentData(reply, mark)) {
      hand(read, undefined, moment);
    } else if (isKeptBeyondEnd(reply) || hasTags(reply)) {
      void this.#settleDoubtful(read, reply, moment);
    } else {
      hand(read, entryOf(reply, moment.offsetMs, undefined), moment);
    }
  }

  /** For records of which neither their being there nor their generation says that they live. */
  async #settleDoubtful(read: RecordRead, record: Buffer, moment: Moment): Promise<void> {
    const tags = hasTags(record) ? tagMarksOf(record) : NO_TAG_MARKS;
    try {
      const isLive =
        tags !== undefined &&
        !(isKeptBeyondEnd(record) && (await this.#isOver(read, record, moment))) &&
        (tags.length === 0 || (await this.#tags.areCurrent(tags)));
      hand(read, isLive ? entryOf(record, moment.offsetMs, tags) : undefined, moment);
    } catch (error) {
      read.owner.fail(translateRedisError(this.#parts.name, read.owner.operation, error));
    }
  }

  /** Whether data that is kept beyond its end is over, by the server's clock: ours is near enough only far from the end. */
  async #isOver({ key }: RecordRead, record: Buffer, { offsetMs }: Moment): Promise<boolean> {
    const { client, clock } = this.#parts;
    const remainingMs = serverExpiryOf(record) - (clock.wallMs() + offsetMs);
    if (Math.abs(remainingMs) > CLOCK_DOUBT_MS) return remainingMs < 0;
    const [seconds, micros] = (await client.call(slotOfShard(shardOfKey(key)), ["TIME"], STAMPED)) as readonly Buffer[];
    return serverExpiryOf(record) <= Number(String(seconds)) * 1_000 + Number(String(micros)) / 1_000;
  }
}

function hand({ owner, place, key }: RecordRead, entry: StoredEntry | undefined, { stampOf }: Moment): void {
  owner.take(place, entry, stampOf?.(shardOfKey(key)));
}

function dropAborted(reads: readonly RecordRead[]): readonly RecordRead[] {
  return reads.filter(({ owner }) => {
    if (owner.signal?.aborted !== true) return true;
    owner.fail(owner.signal.reason);
    return false;
  });
}
