import type { RedisArgument, RedisCallOptions, RedisClient, RedisNode } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { REDIS_SLOT_COUNT } from "../../clients/redis/redis-slot.ts";
import { BackendError } from "../../foundation/errors.ts";
import { translateRedisError } from "./redis-error.ts";

/** How many keys the server looks at before it answers others again. */
const SCAN_COUNT = "512";
/** How often a listing begins anew on a server, or on all, because keys moved. What was listed is not listed again. */
const MAX_RESTARTS = 5;
/** Slots whose owners are compared to see whether keys moved between servers. */
const PROBED_SLOT_STEP = 16;

/** What is listed. */
export interface KeyScan {
  readonly name: string;
  readonly client: RedisClient;
  /** As `SCAN … MATCH` takes it. */
  readonly pattern: RedisArgument;
  /** More words of the command. */
  readonly extra: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * The keys that match a pattern on all primaries, in slices, possibly repeated.
 *
 * A cursor belongs to the process that gave it out: after a restart or a failover it means other keys. So a server's listing counts only when the same
 * process answered from its begin to its end, and all of them only when no slot moved meanwhile; else it begins anew.
 *
 * @throws BackendError when the servers do not stay the same long enough
 */
export async function* scanKeys(scan: KeyScan): AsyncGenerator<readonly Buffer[]> {
  for (let attempt = 0; attempt < MAX_RESTARTS; attempt += 1) {
    const before = ownersOf(scan.client);
    for (const node of scan.client.primaries()) yield* scanNode(scan, node);
    if (ownersOf(scan.client) === before) return;
  }
  throw moved(scan, "its slots kept moving");
}

async function* scanNode(scan: KeyScan, node: RedisNode): AsyncGenerator<readonly Buffer[]> {
  for (let attempt = 0; attempt < MAX_RESTARTS; attempt += 1) {
    const process = await processOf(scan, node);
    let cursor: RedisArgument = "0";
    do {
      scan.signal?.throwIfAborted();
      const args: RedisArgument[] = ["SCAN", cursor, "MATCH", scan.pattern, "COUNT", SCAN_COUNT, ...scan.extra];
      const [next, keys] = (await ask(scan, node, args)) as readonly [Buffer, readonly Buffer[]];
      if (keys.length > 0) yield keys;
      cursor = next.toString();
    } while (cursor !== "0");
    if ((await processOf(scan, node)) === process) return;
  }
  throw moved(scan, "a server kept being replaced");
}

/** Which process answers; the empty text where servers do not tell. */
async function processOf(scan: KeyScan, node: RedisNode): Promise<string> {
  const info = await ask(scan, node, ["INFO", "server"]);
  return /^run_id:(\w+)/m.exec(Buffer.isBuffer(info) ? info.toString() : "")?.[1] ?? "";
}

async function ask(scan: KeyScan, node: RedisNode, args: readonly RedisArgument[]): Promise<RedisReply> {
  const options: RedisCallOptions = { operation: "scan", kind: "read" };
  try {
    return await node.call(args, options);
  } catch (error) {
    throw translateRedisError(scan.name, "scan", error);
  }
}

function ownersOf(client: RedisClient): string {
  if (client.topology === "single") return "";
  let owners = "";
  for (let slot = 0; slot < REDIS_SLOT_COUNT; slot += PROBED_SLOT_STEP) owners += `${client.addressOfSlot(slot)} `;
  return owners;
}

function moved({ name }: KeyScan, why: string): BackendError {
  const message = `${name}: keys cannot be listed completely: ${why}. Try again when the cluster is at rest.`;
  return new BackendError("GCX_BACKEND_FAILED", name, "scan", message);
}
