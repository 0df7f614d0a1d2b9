import { formatServerAddress } from "../server-address.ts";
import { REDIS_SLOT_COUNT } from "./redis-slot.ts";

/** Who has a range of slots. */
export interface RedisClusterShard {
  /** Address of its primary. */
  readonly primary: string;
  readonly replicas: readonly string[];
}

/** Who has which slot. */
export interface RedisClusterMap {
  /** Index of the shard of each slot in `shards`; -1 where nobody has it. */
  readonly shardOfSlot: Int16Array;
  readonly shards: readonly RedisClusterShard[];
}

/**
 * Reads a reply to CLUSTER SLOTS: for each range `[first, last, primary, replica…]`, a node being `[host, port, id, …]`. An empty or
 * missing host is the one that was asked. O(slots).
 *
 * CLUSTER SHARDS tells more, but only from Redis 7 on, and with two ports to choose from; CLUSTER SLOTS is in every version and gives the
 * port of the kind that the asking connection has.
 *
 * @param askedHost the host of the server that answered
 * @throws TypeError when it is no such reply
 * Source: https://redis.io/docs/latest/commands/cluster-slots/
 */
export function readClusterSlots(reply: unknown, askedHost: string): RedisClusterMap {
  if (!Array.isArray(reply)) throw new TypeError("The reply to CLUSTER SLOTS is no list.");
  const shardOfSlot = new Int16Array(REDIS_SLOT_COUNT).fill(-1);
  const shards: RedisClusterShard[] = [];
  const indexOfPrimary = new Map<string, number>();
  for (const range of reply as unknown[]) {
    if (!Array.isArray(range) || range.length < 3) throw new TypeError("A range of CLUSTER SLOTS has no nodes.");
    const [first, last, ...nodes] = range as unknown[];
    const [primary, ...replicas] = nodes.map((node) => readNode(node, askedHost));
    if (primary === undefined) continue;
    let index = indexOfPrimary.get(primary);
    if (index === undefined) {
      index = shards.push({ primary, replicas: replicas.filter((replica) => replica !== undefined) }) - 1;
      indexOfPrimary.set(primary, index);
    }
    shardOfSlot.fill(index, Number(first), Number(last) + 1);
  }
  return { shardOfSlot, shards };
}

function readNode(node: unknown, askedHost: string): string | undefined {
  if (!Array.isArray(node) || node.length < 2) throw new TypeError("A node of CLUSTER SLOTS has no address.");
  const [host, port] = node as unknown[];
  const name = host === null ? "" : String(host);
  // "?" is a node whose host name is not known yet.
  if (name === "?") return undefined;
  return formatServerAddress({ kind: "tcp", host: name === "" ? askedHost : name, port: Number(port) });
}

/** Where MOVED or ASK send to: `MOVED 3999 127.0.0.1:6381`; an empty host is the one that was asked. `undefined` when it cannot be read. */
export function readRedirect(message: string, askedHost: string): { slot: number; address: string } | undefined {
  const [, slot, target] = message.split(" ");
  const colon = target?.lastIndexOf(":") ?? -1;
  if (slot === undefined || target === undefined || colon < 0) return undefined;
  const host = target.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(target.slice(colon + 1));
  if (!Number.isInteger(port) || !Number.isInteger(Number(slot))) return undefined;
  return {
    slot: Number(slot),
    address: formatServerAddress({ kind: "tcp", host: host === "" ? askedHost : host, port }),
  };
}
