import { createHash } from "node:crypto";
import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { CounterError } from "../../foundation/errors.ts";
import type { EntryChange } from "./entry-item.ts";
import { dataKey, shardKey } from "./redis-key-layout.ts";
import type { CallTag } from "./script-call.ts";
import { countScript } from "./scripts/count-script.ts";
import { ttlText } from "./ttl-text.ts";

/** Moves a counter. With an operation id it may be sent again: the server remembers what it answered. */
export function countChange(request: CounterRequest, tags: readonly CallTag[]): EntryChange<CounterResult> {
  const { delta, initial, minimum, maximum, ttlMs, opId } = request;
  return {
    operation: "increment",
    script: countScript,
    kind: opId === undefined ? "write" : "idempotent-write",
    isSimple: false,
    sizeBytes: 0,
    addTo(call, shard, key, verdict) {
      const redisKey = dataKey(shard, key);
      call.addKey(redisKey);
      call.addKey(opId === undefined ? redisKey : operationKey(shard, key, opId));
      const start = call.itemStart("I", shard, key);
      const integers = `${delta} ${initial} ${minimum} ${maximum}`;
      call.addArgument(`${start}${integers} ${ttlText(ttlMs)} ${verdict} ${call.tagPlaces(tags)}`);
    },
    read: (reply) => readCount(reply, request),
  };
}

/** Where the answer to an operation of a key is remembered: beside it, under a digest, for ids and keys may be long. */
export function operationKey(shard: number, key: string, opId: string): RedisArgument {
  return shardKey(shard, "o", operationDigest(key, opId));
}

/** Names an operation of a key. */
export function operationDigest(key: string, opId: string): string {
  return createHash("sha1").update(`${key.length}:${key}${opId}`, "utf16le").digest("base64url");
}

/**
 * The result of a counter's script: `{1 | 3, value, version}` or `{0, "type" | "range"}`.
 *
 * @throws CounterError
 */
export function readCount(reply: RedisReply, { minimum, maximum }: CounterRequest): CounterResult {
  const [status, text, version] = reply as readonly [number, Buffer, number];
  if (status === 0) throw counterError(text.toString() === "type");
  const value = BigInt(text.toString());
  // A remembered result was in the range of the first request, which may have been another.
  if (value < minimum || value > maximum) throw counterError(false);
  return { value, version: Number(version) };
}

function counterError(isWrongType: boolean): CounterError {
  return isWrongType
    ? new CounterError("GCX_COUNTER_TYPE", "The key holds a value that is no integer. Delete it or use another key.")
    : new CounterError(
        "GCX_COUNTER_RANGE",
        "The counter's result is outside its range. Pass a bigint delta or a smaller one.",
      );
}
