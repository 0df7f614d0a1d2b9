import type { Backend } from "./backend/backend.ts";
import { type BackendHost, findBackendFactory } from "./backend/registry.ts";
import { memcachedBackend } from "./backends/memcached/memcached-store.ts";
import { redisBackend } from "./backends/redis/redis-store.ts";
import type { ResolvedConfig } from "./config/resolve-config.ts";
import type { WeightedServer } from "./config/resolve-memcached.ts";
import type { ResolvedMemoryConfig } from "./config/resolve-memory.ts";
import type { ResolvedShardingConfig } from "./config/resolve-sharding.ts";
import { ConfigError } from "./foundation/errors.ts";
import { systemThreadExits } from "./foundation/thread-exits.ts";
import { createMemoryBackend } from "./memory/memory-backend.ts";
import { createSharedMemoryBackend } from "./memory/shared/shared-memory-backend.ts";
import { createSharedSlab } from "./memory/shared/shared-slab.ts";
import type { ShardedNode } from "./sharding/shard-node.ts";
import { createShardedBackend } from "./sharding/sharded-backend.ts";

/** Makes the store that a configuration names, of several tiers the last. Opens nothing. */
export function createStore(config: ResolvedConfig, host: BackendHost): Backend {
  const { backend } = config;
  if (typeof backend !== "string") return backend;
  if (backend === "memory") return createMemory(config.memory, host);
  if (backend === "redis") return createRedis(config, host);
  if (backend === "memcached") return createMemcached(config, host);
  return createPlugin(backend, config, host);
}

function createMemory(memory: ResolvedMemoryConfig, host: BackendHost): Backend {
  if (memory.storage === "heap") return createMemoryBackend(memory, host);
  const { maxSizeBytes, maxKeys, cleanupIntervalMs } = memory;
  const slab = memory.shared ?? createSharedSlab({ sizeBytes: maxSizeBytes, maxKeys }, host);
  return createSharedMemoryBackend({ slab, cleanupIntervalMs, threads: systemThreadExits }, host);
}

function createRedis({ redis, sharding, consistencyMode: mode }: ResolvedConfig, host: BackendHost): Backend {
  const { settings, addresses, client } = redis;
  if (sharding === undefined) return redisBackend({ ...settings, mode, client }, host);
  const servers = sharding.nodes ?? addresses.map((address) => ({ address, weight: 1 }));
  const createNode = (address: string): Backend =>
    redisBackend({ ...settings, topology: { kind: "standalone", address }, mode }, host);
  return createShards(settings.name, sharding, createNodes(servers, createNode), host);
}

/** Several servers are spread over as other clients of Memcached do, unless `sharding` says how. */
function createMemcached({ memcached, sharding, consistencyMode: mode }: ResolvedConfig, host: BackendHost): Backend {
  const createNode = (address: string): Backend => memcachedBackend({ ...memcached.settings, address, mode }, host);
  const servers = sharding?.nodes ?? memcached.servers;
  const [only] = servers;
  if (sharding === undefined && servers.length === 1) return createNode((only as WeightedServer).address);
  const nodes = createNodes(servers, createNode);
  const { name } = memcached.settings;
  return sharding === undefined
    ? createShardedBackend({ name, algorithm: "ketama", nodes }, host)
    : createShards(name, sharding, nodes, host);
}

/** Settings of other algorithms have no effect, as their documentation says. */
function createShards(
  name: string,
  { algorithm, replicas, shards, failover }: ResolvedShardingConfig,
  nodes: readonly ShardedNode[],
  host: BackendHost,
): Backend {
  const hasParts = algorithm === "hash" || algorithm === "range";
  const settings = {
    replicas: algorithm === "consistent" ? replicas : undefined,
    shards: hasParts ? shards : undefined,
  };
  return createShardedBackend({ name, algorithm, ...settings, failover, nodes }, host);
}

function createNodes(
  servers: readonly WeightedServer[],
  createNode: (address: string) => Backend,
): readonly ShardedNode[] {
  return servers.map(({ address, weight }) => ({ name: address, backend: createNode(address), weight }));
}

function createPlugin(name: string, config: ResolvedConfig, host: BackendHost): Backend {
  const factory = findBackendFactory(name);
  if (factory !== undefined) return factory(config.pluginOptions, host);
  throw new ConfigError("GCX_CONFIG_UNSUPPORTED", "backend", `backend "${name}" is not available.`);
}
