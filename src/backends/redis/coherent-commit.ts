import type { OperationContext } from "../../backend/backend.ts";
import { assertWanted, type Caller } from "../../backend/caller.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { BackendError, UnsupportedOperationError } from "../../foundation/errors.ts";
import { SetChange } from "./entry-changes.ts";
import { tagMarksOf, versionOf } from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import { dataKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import { type CallTag, ScriptCall } from "./script-call.ts";
import { commitScript } from "./scripts/commit-script.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

/** How often a transaction may meet an entry that others replaced since its tags were looked at. */
const MAX_QUESTIONS = 1_000;
const OPERATION = "transaction";

/** What one transaction is. */
interface Commit {
  readonly checks: readonly KeyCheck[];
  readonly writes: readonly KeyWrite[];
  readonly shard: number;
  /** Tags of each write. */
  readonly tags: readonly (readonly CallTag[])[];
  /** What is known of the tags of checked entries: `version verdict`. */
  readonly verdicts: Map<number, string>;
}

/** Whether all keys fall into one shard, so that one script of a cluster can touch them. */
export function shareShard(keys: readonly string[]): boolean {
  const [first, ...others] = keys;
  if (first === undefined) return true;
  const shard = shardOfKey(first);
  return others.every((key) => shardOfKey(key) === shard);
}

/**
 * Checks all, then applies all or nothing, in one script.
 *
 * @throws UnsupportedOperationError in a cluster, before anything is sent, when the keys do not share a shard
 */
export async function commitRecords(
  parts: StoreParts,
  tags: TagStore,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
  context: OperationContext,
): Promise<CommitResult> {
  const isCluster = parts.client.topology === "cluster";
  const keys = [...checks, ...writes].map(({ key }) => key);
  if (isCluster) assertShareShard(keys);
  if (keys.length === 0) return { committed: true, versions: [] };
  try {
    const writeTags = await tagsOfWrites(tags, writes, isCluster);
    const shard = isCluster ? shardOfKey(keys[0] as string) : 0;
    return await run(parts, tags, { checks, writes, shard, tags: writeTags, verdicts: new Map() }, context);
  } catch (error) {
    throw translateRedisError(parts.name, OPERATION, error);
  }
}

/** Refuses keys of several shards. */
export function assertShareShard(keys: readonly string[]): void {
  if (shareShard(keys)) return;
  throw new UnsupportedOperationError(
    OPERATION,
    'A transaction in a Redis Cluster can touch keys of one shard only. Give keys that belong together the same {hash tag}, for example "cart:{42}" and "stock:{42}".',
  );
}

async function tagsOfWrites(
  tags: TagStore,
  writes: readonly KeyWrite[],
  isCluster: boolean,
): Promise<readonly (readonly CallTag[])[]> {
  const names = [...new Set(writes.flatMap(({ write }) => write?.tags ?? []))];
  const marks = isCluster && names.length > 0 ? await tags.marksOf(names, OPERATION) : [];
  const markOf = new Map(names.map((tag, index) => [tag, marks[index]] as const));
  return writes.map(({ write }) => (write?.tags ?? []).map((tag) => ({ tag, mark: markOf.get(tag) })));
}

async function run(parts: StoreParts, tags: TagStore, commit: Commit, caller: Caller): Promise<CommitResult> {
  for (let question = 0; question < MAX_QUESTIONS; question += 1) {
    assertWanted(caller);
    const reply = await send(parts, commit);
    const [status, ...rest] = reply as readonly number[];
    if (status === 1) return { committed: true, versions: rest.map(Number) };
    if (status === 0) return { committed: false, versions: [] };
    const [, number, record] = reply as readonly [number, number, Buffer];
    const marks = tagMarksOf(record);
    const isLive = marks !== undefined && (await tags.areCurrent(marks));
    commit.verdicts.set(number - 1, `${versionOf(record)} ${isLive ? 1 : 0}`);
  }
  const message = `${parts.name}: a transaction met another version of its entries on each of ${MAX_QUESTIONS} attempts.`;
  throw new BackendError("GCX_BACKEND_FAILED", parts.name, OPERATION, message);
}

async function send(parts: StoreParts, commit: Commit): Promise<RedisReply> {
  const { client, keys, unique, channels } = parts;
  const call = new ScriptCall(keys, commit.shard);
  call.addArgument(String(commit.checks.length));
  for (const [index, { key, version }] of commit.checks.entries()) {
    const shard = shardOfKey(key);
    call.addKey(dataKey(shard, key));
    call.addArgument(`${call.itemStart("K", shard, key)}${version} ${commit.verdicts.get(index) ?? "0 0"}`);
  }
  for (const [index, item] of commit.writes.entries()) addWrite(call, item, commit.tags[index] ?? []);
  const args = call.args(unique(), client.topology !== "cluster", channels.ofShard(commit.shard));
  return client.runScript(slotOfShard(commit.shard), commitScript, call.keys(), args, {
    operation: OPERATION,
    kind: "write",
  });
}

function addWrite(call: ScriptCall, { key, write }: KeyWrite, tags: readonly CallTag[]): void {
  const shard = shardOfKey(key);
  if (write === undefined) {
    call.addKey(dataKey(shard, key));
    call.addArgument(`${call.itemStart("D", shard, key)}- 0`);
    return;
  }
  // The checks decide, and nobody asks what was there.
  const plain = { value: write.value, ttlMs: write.ttlMs, staleMs: write.staleMs, tags: write.tags };
  const parts = { operation: OPERATION, tags, isRefused: false, readRecord: () => undefined };
  new SetChange(plain, parts).addTo(call, shard, key, "0 0");
}
