import type { RedisClient, RedisNode } from "../../clients/redis/redis-client.ts";

/**
 * A client to which nothing is handed before `flush` has handed over what was asked earlier and still waits for the end of its turn: what a caller asks of one key
 * leaves in the order it was asked.
 */
export function flushBefore(client: RedisClient, flush: () => void): RedisClient {
  const ordered = (node: RedisNode): RedisNode => ({
    address: node.address,
    call: (args, options) => {
      flush();
      return node.call(args, options);
    },
  });
  return {
    topology: client.topology,
    resendsCommands: client.resendsCommands,
    connect: (signal) => client.connect(signal),
    close: () => client.close(),
    call: (slot, args, options) => {
      flush();
      return client.call(slot, args, options);
    },
    runScript: (slot, script, keys, args, options) => {
      flush();
      return client.runScript(slot, script, keys, args, options);
    },
    primaries: () => client.primaries().map(ordered),
    addressOfSlot: (slot) => client.addressOfSlot(slot),
    connections: () => client.connections(),
    features: () => client.features(),
    clockOffsetMs: (slot) => client.clockOffsetMs(slot),
  };
}
