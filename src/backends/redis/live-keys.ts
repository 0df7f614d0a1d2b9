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

/** Which of some stored keys hold live entries, in their order. Reads their heads only. */
export async function liveKeys(parts: StoreParts, tags: TagStore, keys: readonly string[]): Promise<string[]> {
  const slices = await Promise.all(groupsOf(parts, keys).map((group) => liveOfGroup(parts, tags, group)));
  const live = new Set(slices.flat());
  return keys.filter((key) => live.has(key));
}

function groupsOf(parts: StoreParts, keys: readonly string[]): readonly string[][] {
  const groups = new Map<number, string[][]>();
  for (const key of keys) {
    const shard = parts.client.topology === "cluster" ? shardOfKey(key) : 0;
    const own = groups.get(shard) ?? [];
    const last = own.at(-1);
    if (last === undefined || last.length >= Math.min(MAX_CALL_KEYS, MAX_CALL_NAMESPACES)) own.push([key]);
    else last.push(key);
    groups.set(shard, own);
  }
  return [...groups.values()].flat();
}

async function liveOfGroup(parts: StoreParts, tags: TagStore, keys: readonly string[]): Promise<string[]> {
  const shard = shardOfKey(keys[0] as string);
  const namespaces = new CallNamespaces();
  const args: RedisArgument[] = [];
  for (const key of keys) {
    args.push(dataKey(shardOfKey(key), key));
    namespaces.add(namespaceOf(key));
  }
  for (const level of namespaces.levels()) args.push(parts.keys.generationKey(shard, level));
  const slot = slotOfShard(shard);
  // Not a read for the client, which could ask a replica: what was written before a listing must be in it.
  const replies = (await parts.client.runScript(slot, peekScript, args, [], {
    operation: "scan",
    kind: "idempotent-write",
  })) as readonly RedisReply[];
  namespaces.read(replies, keys.length);
  const serverMs = Number(String(replies.at(-1)));
  const isLive = await Promise.all(
    keys.map((key, index) => isLiveRecord(replies[index], namespaces, namespaceOf(key), tags, serverMs)),
  );
  return keys.filter((_, index) => isLive[index]);
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
