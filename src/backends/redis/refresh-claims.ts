import type { OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import { translateRedisError } from "./redis-error.ts";
import { shardKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import { staleText } from "./ttl-text.ts";

/**
 * The leave to refresh one version of an entry: a key beside it, in its slot, that ends by itself. Another version has another key, so a claim is over when its entry is replaced.
 *
 * ```text
 * {gcx:07}r1764374400000000:@shop:tea        its value says nothing
 * ```
 *
 * Sent once only: asked twice, the second answer would be that somebody else, oneself, has it. One round trip, which the calls of one turn share.
 */
export async function claimRefresh(
  { client, name }: StoreParts,
  key: string,
  version: number,
  claimMs: number,
  context: OperationContext,
): Promise<boolean> {
  assertWanted(context);
  const operation = "claimRefresh";
  const { slot, claimKey } = placeOf(key, version);
  try {
    // As text that has an end, however long: a claim without one would outlive whoever has it.
    const args = ["SET", claimKey, "", "NX", "PX", staleText(claimMs)];
    return (await client.call(slot, args, { operation, kind: "write" })) !== null;
  } catch (error) {
    throw translateRedisError(name, operation, error);
  }
}

/** Gives it back, whoever has it: who does not call this too late gives back no one else's. */
export async function releaseRefresh(
  { client, name }: StoreParts,
  key: string,
  version: number,
  context: OperationContext,
): Promise<void> {
  assertWanted(context);
  const operation = "releaseRefresh";
  const { slot, claimKey } = placeOf(key, version);
  try {
    await client.call(slot, ["DEL", claimKey], { operation, kind: "write" });
  } catch (error) {
    throw translateRedisError(name, operation, error);
  }
}

function placeOf(key: string, version: number): { readonly slot: number; readonly claimKey: RedisArgument } {
  const shard = shardOfKey(key);
  return { slot: slotOfShard(shard), claimKey: shardKey(shard, "r", `${version}:${key}`) };
}
