import type { RedisClusterNode } from "./start-redis-cluster.ts";

/** A slot on its way from one primary to another. */
export interface SlotMigration {
  /** Moves up to so many keys. @returns how many it moved */
  moveKeys(count: number): Promise<number>;
  /** Moves the keys that are left and gives the slot to its new owner. */
  finish(): Promise<void>;
}

const MOVE_TIMEOUT_MS = 5_000;
const KEYS_A_MOVE = 100;

/**
 * Opens a slot for migration. From now on its present owner answers ASK for keys that it does not have.
 *
 * Source: https://redis.io/docs/latest/commands/cluster-setslot/
 */
export async function beginSlotMigration(
  nodes: readonly RedisClusterNode[],
  slot: number,
  from: RedisClusterNode,
  to: RedisClusterNode,
  password: string | undefined,
): Promise<SlotMigration> {
  // The new owner first: else a client that is asked to go there would be sent back.
  await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
  await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
  const moveKeys = async (count: number): Promise<number> => {
    const keys = (await from.call("CLUSTER", "GETKEYSINSLOT", slot, count)) as readonly string[];
    if (keys.length === 0) return 0;
    const auth = password === undefined ? [] : ["AUTH", password];
    await from.call("MIGRATE", to.host, to.port, "", 0, MOVE_TIMEOUT_MS, "REPLACE", ...auth, "KEYS", ...keys);
    return keys.length;
  };
  return {
    moveKeys,
    finish: async () => {
      while ((await moveKeys(KEYS_A_MOVE)) > 0);
      await to.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
      await from.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
      // The others would learn it by gossip; those that are dead or are replicas cannot be told.
      await Promise.allSettled(nodes.map((node) => node.call("CLUSTER", "SETSLOT", slot, "NODE", to.id)));
    },
  };
}
