import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { slotOfKey } from "../../clients/redis/redis-slot.ts";
import { encodeKeyText } from "./key-text.ts";
import { PlainEntry } from "./plain-entry.ts";
import { chunkReads, groupReads, type KeyRead, keyCountOf, type ReadSegment } from "./read-chunks.ts";
import type { RecordReadOwner } from "./record-reader.ts";
import { translateRedisError } from "./redis-error.ts";
import { plainReadScript } from "./scripts/plain-scripts.ts";
import type { StoreParts } from "./store-parts.ts";
import { TurnQueue } from "./turn-queue.ts";

const VALUES: RedisCallOptions = { operation: "get", kind: "read" };
/** A script is no read for every client: some would ask a replica for it. */
const ENTRIES: RedisCallOptions = { operation: "get", kind: "idempotent-write" };

type Read = KeyRead<RecordReadOwner>;
type Chunk = readonly ReadSegment<RecordReadOwner>[];

/** Reads values. All reads of one turn go out as one MGET for each server (for each slot of a cluster); those that also want the TTL take a script. */
export class PlainReader {
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  readonly #values: TurnQueue<Read>;
  readonly #entries: TurnQueue<Read>;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
    const readValues = (slot: number, chunk: Chunk): Promise<void> => this.#readValues(slot, chunk);
    const readEntries = (slot: number, chunk: Chunk): Promise<void> => this.#readEntries(slot, chunk);
    this.#values = new TurnQueue<Read>((reads) => this.#send(reads, readValues), keyCountOf);
    this.#entries = new TurnQueue<Read>((reads) => this.#send(reads, readEntries), keyCountOf);
  }

  /** Takes keys for this turn's reads. */
  add(keys: readonly string[], isValueEnough: boolean, owner: RecordReadOwner): void {
    (isValueEnough ? this.#values : this.#entries).push({ keys, places: undefined, owner });
  }

  #send(reads: readonly Read[], read: (slot: number, chunk: Chunk) => Promise<void>): void {
    if (!this.#isCluster) {
      for (const chunk of chunkReads(reads)) void this.#orFail(chunk, read(0, chunk));
      return;
    }
    for (const [slot, own] of groupReads(reads, (key) => slotOfKey(encodeKeyText("", key)))) {
      for (const chunk of chunkReads(own)) void this.#orFail(chunk, read(slot, chunk));
    }
  }

  async #orFail(chunk: Chunk, reading: Promise<void>): Promise<void> {
    try {
      await reading;
    } catch (error) {
      for (const { read } of chunk) read.owner.fail(translateRedisError(this.#parts.name, read.owner.operation, error));
    }
  }

  async #readValues(slot: number, chunk: Chunk): Promise<void> {
    const args: RedisArgument[] = ["MGET"];
    addKeys(args, chunk);
    const replies = (await this.#parts.client.call(slot, args, VALUES)) as readonly RedisReply[];
    let at = 0;
    for (const { read, from, to } of chunk) {
      for (let index = from; index < to; index += 1) {
        hand(read, index, replies[at], Number.POSITIVE_INFINITY);
        at += 1;
      }
    }
  }

  async #readEntries(slot: number, chunk: Chunk): Promise<void> {
    const { client, clock } = this.#parts;
    const keys: RedisArgument[] = [];
    addKeys(keys, chunk);
    const replies = (await client.runScript(slot, plainReadScript, keys, [], ENTRIES)) as readonly RedisReply[];
    const nowMs = clock.wallMs();
    let at = 0;
    for (const { read, from, to } of chunk) {
      for (let index = from; index < to; index += 1) {
        const remainingMs = Number(replies[at + 1]);
        hand(read, index, replies[at], remainingMs < 0 ? Number.POSITIVE_INFINITY : nowMs + remainingMs);
        at += 2;
      }
    }
  }
}

function addKeys(args: RedisArgument[], chunk: Chunk): void {
  for (const { read, from, to } of chunk) {
    for (let index = from; index < to; index += 1) args.push(encodeKeyText("", read.keys[index] as string));
  }
}

function hand({ places, owner }: Read, index: number, value: RedisReply | undefined, expiresAt: number): void {
  const entry: StoredEntry | undefined = Buffer.isBuffer(value) ? new PlainEntry(value, expiresAt) : undefined;
  owner.take(places?.[index] ?? index, entry);
}
