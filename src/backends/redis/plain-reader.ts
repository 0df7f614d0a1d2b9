import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { PlainEntry } from "./plain-entry.ts";
import { plainKey } from "./plain-keys.ts";
import type { RecordReadOwner } from "./record-reader.ts";
import { translateRedisError } from "./redis-error.ts";
import { plainReadScript } from "./scripts/plain-scripts.ts";
import type { StoreParts } from "./store-parts.ts";
import { TurnQueue } from "./turn-queue.ts";

const MAX_CALL_KEYS = 128;
const OPTIONS: RedisCallOptions = { operation: "get", kind: "read" };

interface PlainRead {
  readonly redisKey: RedisArgument;
  readonly slot: number;
  readonly place: number;
  readonly isValueEnough: boolean;
  readonly owner: RecordReadOwner;
}

/** Reads values. All reads of one turn go out as one MGET for each server (for each slot of a cluster); those that also want the TTL take a script. */
export class PlainReader {
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  readonly #queue: TurnQueue<PlainRead>;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
    this.#queue = new TurnQueue((reads) => this.#send(reads));
  }

  /** Takes a key for this turn's reads. */
  add(key: string, place: number, isValueEnough: boolean, owner: RecordReadOwner): void {
    const { redisKey, slot } = plainKey(key, this.#isCluster);
    this.#queue.push({ redisKey, slot, place, isValueEnough, owner });
  }

  #send(reads: readonly PlainRead[]): void {
    const groups = new Map<number, PlainRead[]>();
    for (const read of reads) {
      if (read.owner.signal?.aborted) {
        read.owner.fail(read.owner.signal.reason);
        continue;
      }
      const group = read.isValueEnough ? read.slot : ~read.slot;
      const own = groups.get(group);
      if (own === undefined || own.length >= MAX_CALL_KEYS) {
        if (own !== undefined) this.#sendGroup(own);
        groups.set(group, [read]);
      } else own.push(read);
    }
    for (const group of groups.values()) this.#sendGroup(group);
  }

  #sendGroup(group: readonly PlainRead[]): void {
    void (group[0]?.isValueEnough === true ? this.#readValues(group) : this.#readEntries(group));
  }

  async #readValues(reads: readonly PlainRead[]): Promise<void> {
    const args: RedisArgument[] = ["MGET"];
    for (const { redisKey } of reads) args.push(redisKey);
    try {
      const replies = (await this.#parts.client.call(slotOf(reads), args, OPTIONS)) as readonly RedisReply[];
      for (const [index, { owner, place }] of reads.entries()) {
        owner.take(place, toEntry(replies[index], Number.POSITIVE_INFINITY));
      }
    } catch (error) {
      this.#fail(reads, error);
    }
  }

  async #readEntries(reads: readonly PlainRead[]): Promise<void> {
    const { client, clock } = this.#parts;
    const slot = slotOf(reads);
    const keys = reads.map(({ redisKey }) => redisKey);
    try {
      const options: RedisCallOptions = { operation: "get", kind: "idempotent-write" };
      const replies = (await client.runScript(slot, plainReadScript, keys, [], options)) as readonly RedisReply[];
      const nowMs = clock.wallMs();
      for (const [index, { owner, place }] of reads.entries()) {
        const remainingMs = Number(replies[2 * index + 1]);
        owner.take(
          place,
          toEntry(replies[2 * index], remainingMs < 0 ? Number.POSITIVE_INFINITY : nowMs + remainingMs),
        );
      }
    } catch (error) {
      this.#fail(reads, error);
    }
  }

  #fail(reads: readonly PlainRead[], error: unknown): void {
    for (const { owner } of reads) owner.fail(translateRedisError(this.#parts.name, owner.operation, error));
  }
}

function slotOf(reads: readonly PlainRead[]): number {
  return (reads[0] as PlainRead).slot;
}

function toEntry(value: RedisReply | undefined, expiresAt: number): StoredEntry | undefined {
  return Buffer.isBuffer(value) ? new PlainEntry(value, expiresAt) : undefined;
}
