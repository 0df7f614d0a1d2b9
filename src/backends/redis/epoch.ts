import { createHash } from "node:crypto";
import type { OperationContext } from "../../backend/backend.ts";
import { SHARD_COUNT, slotOfShard } from "./redis-key-layout.ts";
import { epochScript } from "./scripts/epoch-script.ts";
import type { StoreParts } from "./store-parts.ts";

/** Id and birth of the data behind a shard, as its record states them. */
export interface ShardEpoch {
  readonly id: string;
  /** The server's wall clock at its birth, in ms. */
  readonly bornAtMs: number;
}

/**
 * Names the data of all servers: the id of the one server, or a digest of those of all shards of a cluster, any of which may lose its data alone.
 * Makes the ids that are missing, so that what was lost is known to be new.
 */
export async function readEpoch(parts: StoreParts, { signal }: OperationContext): Promise<string> {
  const count = parts.client.topology === "cluster" ? SHARD_COUNT : 1;
  const shards = Array.from({ length: count }, (_, shard) => shard);
  const epochs = await Promise.all(shards.map((shard) => readShardEpoch(parts, shard, signal)));
  const [first, ...others] = epochs.map(({ id }) => id);
  if (others.length === 0) return first as string;
  return createHash("sha1")
    .update([first, ...others].join(" "))
    .digest("base64url");
}

/** The epoch of one shard. */
export async function readShardEpoch(
  { client, keys, unique }: StoreParts,
  shard: number,
  signal: AbortSignal | undefined,
): Promise<ShardEpoch> {
  const options = { operation: "epoch", kind: "idempotent-write", signal } as const;
  const id = createHash("sha1").update(unique()).digest("base64url");
  const reply = await client.runScript(slotOfShard(shard), epochScript, [keys.epochKey(shard)], [id], options);
  return parseEpoch(String(reply)) as ShardEpoch;
}

/** Takes a record of an epoch apart; `undefined` for anything else. */
export function parseEpoch(text: string): ShardEpoch | undefined {
  const found = /^(\S+) (\d+)$/.exec(text);
  return found === null ? undefined : { id: found[1] as string, bornAtMs: Number(found[2]) };
}
