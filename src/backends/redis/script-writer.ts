import { type Caller, hasLeft } from "../../backend/caller.ts";
import type { RedisArgument, RedisCallKind, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { RedisScript } from "../../clients/redis/redis-script.ts";
import { BackendError } from "../../foundation/errors.ts";
import { translateRedisError } from "./redis-error.ts";
import { SHARD_COUNT, type SharedKeys, shardKey, slotOfShard } from "./redis-key-layout.ts";
import { MAX_CALL_NAMESPACES, ScriptCall } from "./script-call.ts";
import { setScript } from "./scripts/set-script.ts";
import type { StoreParts } from "./store-parts.ts";
import { TurnQueue } from "./turn-queue.ts";

/** Items of one call: a script of so many takes the server about half a millisecond, during which it answers nobody else. */
const MAX_CALL_ITEMS = 128;
/** Bytes of values in one call, beyond which another is begun: the server can answer others between them. */
const MAX_CALL_BYTES = 1_048_576;

/** How long a record that was laid down waits for its call, in ms: what is left behind by a failure goes by itself. */
const STAGED_MS = "10000";
/** How long nothing is laid down after a call did not find what was: it would mostly be so again, and what was left behind is gone by then. */
const STAGING_PAUSE_MS = 10_000;
const STAGING: RedisCallOptions = { operation: "set", kind: "write" };

/** A change of one entry that waits to be sent. */
export interface ScriptItem {
  /** What it is, for messages. */
  readonly operation: string;
  readonly script: RedisScript;
  readonly kind: RedisCallKind;
  readonly shard: number;
  /** A write that asks nothing: a call of such alone takes a shorter script. */
  readonly isSimple: boolean;
  /** About what it adds to the call. */
  readonly sizeBytes: number;
  /** Who waits for it; nothing is sent for somebody who left before. */
  readonly caller: Caller;
  /** Adds keys and arguments. */
  addTo(call: ScriptCall): void;
  /** Takes its part of the reply. */
  settle(reply: RedisReply): void;
  fail(error: unknown): void;
}

/**
 * Sends the changes of one turn together: one script call for each server (for each shard of a cluster), in the order they were asked, in pieces that do not
 * keep the server for long. Changes that may be sent twice and those that may not go in calls of their own.
 */
export class ScriptWriter {
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  readonly #queue: TurnQueue<ScriptItem>;
  /** Monotonic ms. */
  #stagingPausedUntilMs = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
    this.#queue = new TurnQueue((items) => this.#send(items));
  }

  /** Takes a change for this turn's calls. */
  add(item: ScriptItem): void {
    this.#queue.push(item);
  }

  #send(items: ScriptItem[]): void {
    if (!this.#isCluster) {
      this.#sendRuns(0, items);
      return;
    }
    const shards: (ScriptItem[] | undefined)[] = new Array(SHARD_COUNT);
    for (const item of items) {
      const own = shards[item.shard];
      if (own === undefined) shards[item.shard] = [item];
      else own.push(item);
    }
    for (const [shard, own] of shards.entries()) if (own !== undefined) this.#sendRuns(shard, own);
  }

  /** Items of one kind that follow each other share a call: the order of what was asked is kept. */
  #sendRuns(shard: number, items: readonly ScriptItem[]): void {
    let run: ScriptItem[] = [];
    let call = this.#newCall(shard);
    let sizeBytes = 0;
    const end = (): void => {
      if (run.length > 0) void this.#run(shard, run, call);
      run = [];
      call = this.#newCall(shard);
      sizeBytes = 0;
    };
    for (const item of items) {
      if (hasLeft(item.caller)) {
        item.fail(item.caller.signal?.reason);
        continue;
      }
      const first = run[0];
      const isFull =
        run.length >= MAX_CALL_ITEMS || sizeBytes >= MAX_CALL_BYTES || call.namespaceCount >= MAX_CALL_NAMESPACES;
      if (first !== undefined && (isFull || first.script !== item.script || first.kind !== item.kind)) end();
      item.addTo(call);
      run.push(item);
      sizeBytes += item.sizeBytes;
    }
    end();
  }

  /**
   * Nothing is laid down in a cluster: while a slot is on its way, a record that is new belongs to one node, and the keys of its call to the other.
   */
  #newCall(shard: number): ScriptCall {
    const { keys, unique, clock } = this.#parts;
    const isStaging = !this.#isCluster && clock.monotonicMs() >= this.#stagingPausedUntilMs;
    return isStaging ? new ScriptCall(keys, shard, unique) : new ScriptCall(keys, shard);
  }

  async #run(shard: number, items: readonly ScriptItem[], call: ScriptCall): Promise<void> {
    const { client, name, unique, keys, channels } = this.#parts;
    const { kind, operation, script: general } = items[0] as ScriptItem;
    const script = items.every(({ isSimple }) => isSimple) ? setScript : general;
    const options: RedisCallOptions = { operation, kind };
    const extra = extraKeys(script.name, shard, keys);
    let replies: RedisReply;
    // On the same connection, as a rule, so they are there when the call comes. It says so when they are not.
    for (const { key, record } of call.stagedRecords) {
      client.call(slotOfShard(shard), ["SET", key, record, "PX", STAGED_MS], STAGING).catch(ignore);
    }
    try {
      const args = call.args(unique(), !this.#isCluster, channels.ofShard(shard));
      replies = await client.runScript(slotOfShard(shard), script, call.keys(extra), args, options);
    } catch (error) {
      for (const item of items) item.fail(translateRedisError(name, item.operation, error));
      return;
    }
    const isStaged = call.stagedRecords.length > 0;
    for (const [index, item] of items.entries()) {
      if (isStaged && item.isSimple && isMissing(replies, index)) this.#sendWhole(item);
      else settleItem(name, item, replies, index);
    }
  }

  /** What was laid down for an item was not there, or could not be renamed: nothing was done, and the whole goes in the call. */
  #sendWhole(item: ScriptItem): void {
    this.#stagingPausedUntilMs = this.#parts.clock.monotonicMs() + STAGING_PAUSE_MS;
    this.#queue.push(item);
  }
}

/** Keys that a script needs besides those of its items. */
function extraKeys(script: string, shard: number, keys: SharedKeys): readonly RedisArgument[] {
  if (script === "count") return [shardKey(shard, "s")];
  return script === "tier" ? [keys.epochKey(shard)] : [];
}

/** No version is 0. */
function isMissing(replies: RedisReply, index: number): boolean {
  return Array.isArray(replies) && replies[index] === 0;
}

function ignore(): void {
  // The call does not find it, and says so.
}

function settleItem(name: string, item: ScriptItem, replies: RedisReply, index: number): void {
  const reply = Array.isArray(replies) ? (replies[index] as RedisReply | undefined) : undefined;
  if (reply === undefined) {
    const message = `${name}: "${item.operation}" had a reply of another form. Is there a proxy that changes replies?`;
    item.fail(new BackendError("GCX_BACKEND_FAILED", name, item.operation, message));
    return;
  }
  if (reply instanceof Error) item.fail(translateRedisError(name, item.operation, reply));
  else item.settle(reply);
}
