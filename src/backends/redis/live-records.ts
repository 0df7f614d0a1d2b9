import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { namespaceOf } from "../../entry/namespace-path.ts";
import { CallNamespaces } from "./call-namespaces.ts";
import { hasTags, isCurrentData, isKeptBeyondEnd, isRecord, serverExpiryOf, tagMarksOf } from "./record.ts";
import { dataKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import { MAX_CALL_NAMESPACES } from "./script-call.ts";
import { peekScript } from "./scripts/peek-script.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

const MAX_CALL_KEYS = 128;

/** Keys that one call asks about, with where they stood. */
interface KeyGroup {
  readonly keys: string[];
  readonly positions: number[];
}

/**
 * The records of live entries, in the order of their keys, without their values: heads and tags; `undefined` where nothing lives. One round trip, one more for the tags of all.
 *
 * @param operation what it is for, for messages
 */
export async function liveRecords(
  parts: StoreParts,
  tags: TagStore,
  keys: readonly string[],
  operation: string,
): Promise<readonly (Buffer | undefined)[]> {
  const found = new Array<Buffer | undefined>(keys.length).fill(undefined);
  await Promise.all(
    groupsOf(parts, keys).map(async (group) => {
      const records = await liveOfGroup(parts, tags, group.keys, operation);
      for (const [index, position] of group.positions.entries()) found[position] = records[index];
    }),
  );
  return found;
}

function groupsOf(parts: StoreParts, keys: readonly string[]): readonly KeyGroup[] {
  const groups = new Map<number, KeyGroup[]>();
  for (const [position, key] of keys.entries()) {
    const shard = parts.client.topology === "cluster" ? shardOfKey(key) : 0;
    const own = groups.get(shard) ?? [];
    let last = own.at(-1);
    if (last === undefined || last.keys.length >= Math.min(MAX_CALL_KEYS, MAX_CALL_NAMESPACES)) {
      last = { keys: [], positions: [] };
      own.push(last);
    }
    last.keys.push(key);
    last.positions.push(position);
    groups.set(shard, own);
  }
  return [...groups.values()].flat();
}

async function liveOfGroup(
  parts: StoreParts,
  tags: TagStore,
  keys: readonly string[],
  operation: string,
): Promise<readonly (Buffer | undefined)[]> {
  const shard = shardOfKey(keys[0] as string);
  const namespaces = new CallNamespaces();
  const args: RedisArgument[] = [];
  for (const key of keys) {
    args.push(dataKey(shardOfKey(key), key));
    namespaces.add(namespaceOf(key));
  }
  for (const level of namespaces.levels()) args.push(parts.keys.generationKey(shard, level));
  const slot = slotOfShard(shard);
  // Not a read for the client, which could ask a replica: what was written before the question must be in the answer.
  const replies = (await parts.client.runScript(slot, peekScript, args, [], {
    operation,
    kind: "idempotent-write",
  })) as readonly RedisReply[];
  namespaces.read(replies, keys.length);
  const serverMs = Number(String(replies.at(-1)));
  const isLive = await Promise.all(
    keys.map((key, index) => isLiveRecord(replies[index], namespaces, namespaceOf(key), tags, serverMs)),
  );
  return keys.map((_, index) => (isLive[index] === true ? (replies[index] as Buffer) : undefined));
}

async function isLiveRecord(
  record: RedisReply | undefined,
  namespaces: CallNamespaces,
  path: string,
  tags: TagStore,
  serverMs: number,
): Promise<boolean> {
  const mark = namespaces.markOf(path);
  if (mark === undefined || !Buffer.isBuffer(record) || !isRecord(record) || !isCurrentData(record, mark)) return false;
  if (isKeptBeyondEnd(record) && serverExpiryOf(record) <= serverMs) return false;
  if (!hasTags(record)) return true;
  const marks = tagMarksOf(record);
  return marks !== undefined && tags.areCurrent(marks);
}
