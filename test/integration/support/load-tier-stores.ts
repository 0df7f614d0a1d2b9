import { startMemcached } from "../../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";
import { createShardedBackend } from "../../../src/sharding/sharded-backend.ts";
import { createCodedBackend } from "../../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../../src/tiers/stored-values.ts";
import { codecSettings } from "../../support/codec/codec-settings.ts";
import { openMemcached } from "./memcached-target.ts";
import { clusterOf, openRedisBackend, standalone } from "./redis-backend.ts";
import { startRedisCluster } from "./redis-cluster.ts";

/** A store whose servers run. */
export interface RunningStore {
  /** A client of its own, as another process has one. */
  open(): Promise<Backend>;
  stop(): Promise<unknown>;
}

/** A kind of store that offers a load tier. */
export interface LoadTierStore {
  readonly name: string;
  /** Whether it tells of changes. */
  readonly hasMessages: boolean;
  /** Whether a token can lie beside a live entry, and an entry can get another end without its value. */
  readonly hasRoomBeside: boolean;
  start(): Promise<RunningStore>;
}

/** A store of bytes as one of values. */
export function withCodec(backend: Backend): Backend {
  const codec = createCodec(codecSettings(), { clock: systemClock, scheduler: systemScheduler });
  const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
  return createCodedBackend({ backend, codec, values });
}

/** All kinds that the cases run over. One line each; what is particular to a kind is in its `start`. */
export const LOAD_TIER_STORES: readonly LoadTierStore[] = [
  { name: "one Redis", hasMessages: true, hasRoomBeside: true, start: () => startOneRedis((backend) => backend) },
  { name: "one Redis behind a codec", hasMessages: true, hasRoomBeside: true, start: () => startOneRedis(withCodec) },
  { name: "a Redis Cluster", hasMessages: true, hasRoomBeside: true, start: startCluster },
  { name: "sharded Redis", hasMessages: true, hasRoomBeside: true, start: () => startShards((backend) => backend) },
  { name: "sharded Redis behind a codec", hasMessages: true, hasRoomBeside: true, start: () => startShards(withCodec) },
];

/** With those that have cases of their own for the rest. */
export const ALL_LOAD_TIER_STORES: readonly LoadTierStore[] = [
  ...LOAD_TIER_STORES,
  { name: "Memcached", hasMessages: false, hasRoomBeside: false, start: startOneMemcached },
];

async function startOneMemcached(): Promise<RunningStore> {
  const server = await startMemcached();
  return { open: () => openMemcached(server), stop: () => server.stop() };
}

async function startOneRedis(wrap: (backend: Backend) => Backend): Promise<RunningStore> {
  const server = await startRedis();
  return {
    open: async () => wrap((await openRedisBackend(standalone(server))) as Backend),
    stop: () => server.stop(),
  };
}

async function startCluster(): Promise<RunningStore> {
  const cluster = await startRedisCluster();
  return {
    open: async () => (await openRedisBackend(clusterOf(cluster.addresses))) as Backend,
    stop: () => cluster.stop(),
  };
}

async function startShards(wrap: (backend: Backend) => Backend): Promise<RunningStore> {
  const servers = await Promise.all([startRedis(), startRedis()]);
  const open = async (): Promise<Backend> => {
    const nodes = await Promise.all(
      servers.map(async (server, index) => ({
        name: `node ${index}`,
        backend: (await openRedisBackend(standalone(server))) as Backend,
      })),
    );
    // Its nodes are connected already: it connects them as they are used.
    const connected = nodes.map(({ name, backend }) => ({ name, backend: { ...backend, connect: () => undefined } }));
    const sharded = createShardedBackend({ nodes: connected });
    await sharded.connect?.({});
    return wrap(sharded);
  };
  return { open, stop: () => Promise.all(servers.map((server) => server.stop())) };
}
