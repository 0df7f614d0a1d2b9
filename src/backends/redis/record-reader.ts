import type { Caller } from "../../backend/caller.ts";
import type { TierStamp } from "../../backend/shared-tier.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { namespaceOf } from "../../entry/namespace-path.ts";
import { CallNamespaces } from "./call-namespaces.ts";
import { headAt, parseEpoch, readShardEpoch, type ShardEpoch } from "./epoch.ts";
import { chunkReads, groupReads, type KeyRead, type ReadSegment } from "./read-chunks.ts";
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
import { dataKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";
import { TurnQueue } from "./turn-queue.ts";

const OPTIONS: RedisCallOptions = { operation: "get", kind: "read" };
/** What goes to primaries only is no read for the client. */
const STAMPED: RedisCallOptions = { operation: "read", kind: "idempotent-write" };

/** How far our idea of the server's clock may be off; a connection that came up slowly measured it badly. */
const CLOCK_DOUBT_MS = 5_000;
const NO_TAG_MARKS: readonly TagMark[] = [];

/** Who waits for the entries of some keys. */
export interface RecordReadOwner {
  readonly operation: string;
  readonly caller: Caller;
  /** Takes the entry of the key at a place, with its stamp if the reader gives stamps. */
  take(place: number, entry: StoredEntry | undefined, stamp?: TierStamp): void;
  fail(error: unknown): void;
}

/** What holds for all entries of one reply. */
interface Moment {
  readonly offsetMs: number;
  readonly stampOf: ((shard: number) => TierStamp) | undefined;
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
  readonly #queue: TurnQueue<KeyRead<RecordReadOwner>>;

  /** @param isStamped reads come with stamps, and from primaries only: a replica's heads prove nothing */
  constructor(parts: StoreParts, tags: TagStore, isStamped: boolean) {
    this.#parts = parts;
    this.#isStamped = isStamped;
    this.#tags = tags;
    this.#isCluster = parts.client.topology === "cluster";
    this.#queue = new TurnQueue((reads) => this.#send(reads));
  }

  /** Takes keys for this turn's reads. */
  add(keys: readonly string[], owner: RecordReadOwner): void {
    this.#queue.push({ keys, places: undefined, owner });
  }

  #send(reads: readonly KeyRead<RecordReadOwner>[]): void {
    if (!this.#isCluster) {
      for (const chunk of chunkReads(reads)) void this.#read(0, chunk);
      return;
    }
    for (const [shard, own] of groupReads(reads, shardOfKey)) {
      for (const chunk of chunkReads(own)) void this.#read(shard, chunk);
    }
  }

  async #read(shard: number, chunk: readonly ReadSegment<RecordReadOwner>[]): Promise<void> {
    const { client, keys, name } = this.#parts;
    const args: RedisArgument[] = ["MGET"];
    const namespaces = new CallNamespaces();
    for (const { read, from, to } of chunk) {
      for (let index = from; index < to; index += 1) {
        const key = read.keys[index] as string;
        args.push(dataKey(this.#isCluster ? shard : shardOfKey(key), key));
        namespaces.add(namespaceOf(key));
      }
    }
    const keyCount = args.length - 1;
    for (const level of namespaces.levels()) args.push(keys.generationKey(shard, level));
    if (this.#isStamped) args.push(keys.headKey(shard), keys.epochKey(shard));
    try {
      const slot = slotOfShard(shard);
      const replies = (await client.call(slot, args, this.#isStamped ? STAMPED : OPTIONS)) as readonly RedisReply[];
      const moment = await this.#momentOf(shard, slot, replies);
      namespaces.read(replies, keyCount);
      let at = 0;
      for (const { read, from, to } of chunk) {
        for (let index = from; index < to; index += 1) {
          const mark = namespaces.markOf(namespaceOf(read.keys[index] as string));
          this.#settle(read, index, replies[at] as RedisReply, mark, moment);
          at += 1;
        }
      }
    } catch (error) {
      for (const { read } of chunk) read.owner.fail(translateRedisError(name, read.owner.operation, error));
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

  #settle(
    read: KeyRead<RecordReadOwner>,
    index: number,
    reply: RedisReply,
    mark: GenerationMark | undefined,
    moment: Moment,
  ): void {
    if (mark === undefined || !Buffer.isBuffer(reply) || !isRecord(reply) || !isCurrentData(reply, mark)) {
      hand(read, index, undefined, moment);
    } else if (isKeptBeyondEnd(reply) || hasTags(reply)) {
      void this.#settleDoubtful(read, index, reply, moment);
    } else {
      hand(read, index, entryOf(reply, moment.offsetMs, undefined), moment);
    }
  }

  /** For records of which neither their being there nor their generation says that they live. */
  async #settleDoubtful(read: KeyRead<RecordReadOwner>, index: number, record: Buffer, moment: Moment): Promise<void> {
    const tags = hasTags(record) ? tagMarksOf(record) : NO_TAG_MARKS;
    try {
      const isLive =
        tags !== undefined &&
        !(isKeptBeyondEnd(record) && (await this.#isOver(read.keys[index] as string, record, moment))) &&
        (tags.length === 0 || (await this.#tags.areCurrent(tags)));
      hand(read, index, isLive ? entryOf(record, moment.offsetMs, tags) : undefined, moment);
    } catch (error) {
      read.owner.fail(translateRedisError(this.#parts.name, read.owner.operation, error));
    }
  }

  /** Whether data that is kept beyond its end is over, by the server's clock: ours is near enough only far from the end. */
  async #isOver(key: string, record: Buffer, { offsetMs }: Moment): Promise<boolean> {
    const { client, clock } = this.#parts;
    const remainingMs = serverExpiryOf(record) - (clock.wallMs() + offsetMs);
    if (Math.abs(remainingMs) > CLOCK_DOUBT_MS) return remainingMs < 0;
    const [seconds, micros] = (await client.call(slotOfShard(shardOfKey(key)), ["TIME"], STAMPED)) as readonly Buffer[];
    return serverExpiryOf(record) <= Number(String(seconds)) * 1_000 + Number(String(micros)) / 1_000;
  }
}

function hand(
  { keys, places, owner }: KeyRead<RecordReadOwner>,
  index: number,
  entry: StoredEntry | undefined,
  { stampOf }: Moment,
): void {
  owner.take(places?.[index] ?? index, entry, stampOf?.(shardOfKey(keys[index] as string)));
}
