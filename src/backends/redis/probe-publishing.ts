import type { BackendHost } from "../../backend/registry.ts";
import { RedisServerError } from "../../clients/redis/redis-reply.ts";
import { CHANGE_KIND } from "./change-message.ts";
import { shardChangesChannel, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";

const OPTIONS = { operation: "connect", kind: "idempotent-write" } as const;
/** Others take it for what it is: nothing changed. */
const NOTHING = String.fromCharCode(CHANGE_KIND.nothing);

/**
 * Asks whether this user may publish: scripts go on when they may not, and nobody would know. Says what is lost where it may not.
 *
 * @returns whether channels of a cluster's slots take messages
 */
export async function probePublishing(parts: StoreParts, onNotice: BackendHost["onNotice"]): Promise<boolean> {
  const { client, channels, database } = parts;
  const channel = channels.ofAll();
  if ((await refusalOf(parts, 0, ["PUBLISH", channel, NOTHING])) !== undefined) {
    const message = `The user may not publish on the channel ${channel}: other processes hear of changes late. Allow it &${channel}.`;
    onNotice?.({ kind: "warning", message });
  }
  if (client.topology !== "cluster") return false;
  const refusal = await refusalOf(parts, slotOfShard(0), ["SPUBLISH", shardChangesChannel(database(), 0), NOTHING]);
  const isForbidden = refusal?.message.startsWith("NOPERM") === true;
  // A cluster that is not whole at this moment says something else; scripts ask again each time.
  if (!isForbidden && refusal?.message.includes("unknown command") !== true) return true;
  const reason = isForbidden ? "The user may not use sharded pub/sub" : "The cluster has no sharded pub/sub";
  const remedy = isForbidden ? `Allow it +spublish, +ssubscribe and &${channel}:*.` : "Redis 7 has it.";
  const message = `${reason}: what processes tell each other of changes goes to all nodes of the cluster over its bus. ${remedy}`;
  onNotice?.({ kind: "warning", message });
  return false;
}

async function refusalOf(
  { client }: StoreParts,
  slot: number,
  command: readonly string[],
): Promise<RedisServerError | undefined> {
  try {
    await client.call(slot, command, OPTIONS);
    return undefined;
  } catch (error) {
    if (error instanceof RedisServerError) return error;
    throw error;
  }
}
