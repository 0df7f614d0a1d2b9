import type { Caller } from "../../backend/caller.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { namespaceOf } from "../../entry/namespace-path.ts";
import { CallNamespaces } from "./call-namespaces.ts";
import { chunkReads, groupReads, type KeyRead } from "./read-chunks.ts";
import { entryOf, type GenerationMark, hasTags, isCurrentData, isRecord, tagMarksOf } from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import { dataKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

const OPERATION = "getStale";
const OPTIONS: RedisCallOptions = { operation: OPERATION, kind: "read" };

interface StaleOwner {
  readonly caller: Caller;
  fail(error: unknown): void;
}

/**
 * Reads records whether they are over or not: whatever Redis still has of the generation, and whose tags still stand, may stand in. One MGET for each server (for
 * each shard of a cluster), and one more for the tags.
 */
export async function readStale(
  parts: StoreParts,
  tags: TagStore,
  keys: readonly string[],
  caller: Caller,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  assertWanted(caller);
  const entries: (StoredEntry | undefined)[] = new Array(keys.length).fill(undefined);
  const read: KeyRead<StaleOwner> = { keys, places: undefined, owner: { caller, fail: () => undefined } };
  const isCluster = parts.client.topology === "cluster";
  const groups = isCluster ? groupReads([read], shardOfKey) : new Map([[0, [read]]]);
  const calls: Promise<void>[] = [];
  for (const [shard, own] of groups) {
    for (const chunk of chunkReads(own)) {
      for (const { read: part, from, to } of chunk) {
        const take = (index: number, entry: StoredEntry | undefined): void => {
          entries[part.places?.[from + index] ?? from + index] = entry;
        };
        calls.push(readChunk(parts, tags, shard, part.keys.slice(from, to), take));
      }
    }
  }
  try {
    await Promise.all(calls);
  } catch (error) {
    throw translateRedisError(parts.name, OPERATION, error);
  }
  return entries;
}

async function readChunk(
  { client, keys: layout }: StoreParts,
  tags: TagStore,
  shard: number,
  keys: readonly string[],
  take: (index: number, entry: StoredEntry | undefined) => void,
): Promise<void> {
  const isCluster = client.topology === "cluster";
  const args: RedisArgument[] = ["MGET"];
  const namespaces = new CallNamespaces();
  for (const key of keys) {
    args.push(dataKey(isCluster ? shard : shardOfKey(key), key));
    namespaces.add(namespaceOf(key));
  }
  for (const level of namespaces.levels()) args.push(layout.generationKey(shard, level));
  const slot = slotOfShard(shard);
  const replies = (await client.call(slot, args, OPTIONS)) as readonly RedisReply[];
  const offsetMs = client.clockOffsetMs(slot);
  namespaces.read(replies, keys.length);
  const judge = async (key: string, index: number): Promise<void> => {
    take(index, await standInOf(replies[index] as RedisReply, namespaces.markOf(namespaceOf(key)), tags, offsetMs));
  };
  await Promise.all(keys.map(judge));
}

async function standInOf(
  reply: RedisReply,
  mark: GenerationMark | undefined,
  tags: TagStore,
  offsetMs: number,
): Promise<StoredEntry | undefined> {
  if (mark === undefined || !Buffer.isBuffer(reply) || !isRecord(reply) || !isCurrentData(reply, mark))
    return undefined;
  if (!hasTags(reply)) return entryOf(reply, offsetMs, undefined);
  const marks = tagMarksOf(reply);
  // Those of one turn are asked for together.
  return marks !== undefined && (await tags.areCurrent(marks)) ? entryOf(reply, offsetMs, marks) : undefined;
}
