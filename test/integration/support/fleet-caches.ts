import { startMemcached } from "../../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { startRedisCluster } from "./redis-cluster.ts";

/** Servers that run, and the two ways to them that two processes have. */
export interface FleetServers {
  /** Of a process whose way nothing disturbs. */
  readonly config: CacheConfig;
  /** Of one behind proxies. */
  readonly behindProxies: CacheConfig;
  /** None where a client learns the servers' own addresses and goes past them. */
  readonly proxies: readonly FaultProxy[];
  stop(): Promise<void>;
}

/** A kind of store over which processes load together. */
export interface FleetStore {
  readonly name: string;
  /** Whether those who wait are told. */
  readonly hasMessages: boolean;
  /** Whether the leave to load can lie beside a live entry. */
  readonly hasRoomBeside: boolean;
  /** Whether there are proxies that can cut a process off. */
  readonly isCuttable: boolean;
  start(): Promise<FleetServers>;
}

/** How long a call may wait for its server; a test that is about less says so. A busy machine is no failure. */
const deadlines = { connect: "10s", read: "5s", write: "5s" } as const;

/** All of them. */
export const FLEET_STORES: readonly FleetStore[] = [
  {
    name: "one Redis",
    ...{ hasMessages: true, hasRoomBeside: true, isCuttable: true },
    start: () => startServers(1, startRedis, (addresses) => ({ backend: "redis", deadlines, redis: { addresses } })),
  },
  { name: "a Redis Cluster", hasMessages: true, hasRoomBeside: true, isCuttable: false, start: startCluster },
  {
    name: "two Redis nodes, sharded",
    ...{ hasMessages: true, hasRoomBeside: true, isCuttable: true },
    start: () =>
      startServers(2, startRedis, (nodes) => ({
        ...{ backend: "redis", deadlines },
        // By the order of the nodes, and not by their addresses: a proxy's is another one.
        sharding: { enabled: true, algorithm: "hash", nodes },
      })),
  },
  {
    name: "Memcached",
    ...{ hasMessages: false, hasRoomBeside: false, isCuttable: true },
    start: () =>
      startServers(1, startMemcached, (servers) => ({
        ...{ backend: "memcached", deadlines },
        memcached: { servers, timeout: "5s" },
      })),
  },
];

async function startServers(
  count: number,
  start: () => Promise<TestServer>,
  configure: (addresses: readonly string[]) => CacheConfig,
): Promise<FleetServers> {
  const servers = await Promise.all(Array.from({ length: count }, () => start()));
  const proxies = await Promise.all(servers.map((target) => startFaultProxy({ target })));
  return {
    config: configure(servers.map(({ host, port }) => `${host}:${port}`)),
    behindProxies: configure(proxies.map(({ host, port }) => `${host}:${port}`)),
    proxies,
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function startCluster(): Promise<FleetServers> {
  const cluster = await startRedisCluster();
  const config: CacheConfig = {
    ...{ backend: "redis", deadlines },
    redis: { addresses: cluster.addresses, cluster: { enabled: true } },
  };
  return { config, behindProxies: config, proxies: [], stop: () => cluster.stop() };
}
