import type { Backend } from "../../backend/backend.ts";
import type { BackendHost } from "../../backend/registry.ts";
import { systemHost } from "../../backend/system-host.ts";
import type { RedisSettings } from "../../clients/redis/redis-settings.ts";
import { createRedisBackend } from "./redis-backend.ts";
import type { RedisMode } from "./redis-backend-settings.ts";

/** What a Redis store may be told. What is left out has the default of the configuration's section `redis`. */
export interface RedisStoreOptions extends Partial<RedisSettings> {
  /** How entries are kept. Default: `"coherent"`. */
  readonly mode?: RedisMode | undefined;
  /**
   * A client of your own: of node-redis (client, pool, cluster, sentinel), ioredis or iovalkey. It is used and never closed; of the other
   * options only `name`, `mode`, `readTimeoutMs`, `writeTimeoutMs`, `maxRetries` and `retryBackoff` apply. Default: the store makes its own connections.
   */
  readonly client?: object | undefined;
}

const DEFAULTS: RedisSettings = {
  name: "redis",
  topology: { kind: "standalone", address: "localhost:6379" },
  credentials: { username: undefined, password: undefined },
  db: 0,
  poolSize: 10,
  dialTimeoutMs: 5_000,
  readTimeoutMs: 3_000,
  writeTimeoutMs: 3_000,
  poolTimeoutMs: 4_000,
  idleTimeoutMs: 300_000,
  idleCheckMs: 60_000,
  maxRetries: 3,
  retryBackoff: { minMs: 8, maxMs: 512 },
  tls: undefined,
};

/**
 * A store in Redis, to be handed to `createCache` or to a sharded store. Opens nothing before its first use.
 *
 * @param host where time, chance and timers come from, and who is told of connections. Default: the platform, and nobody
 * @throws ConfigError `GCX_CONFIG_INVALID` when `client` is none that is known, and for reads from replicas in mode `coherent`
 *
 * @example
 * ```ts
 * import { createCache } from "gocachex";
 * import { redisBackend } from "gocachex/redis";
 *
 * const backend = redisBackend({ topology: { kind: "standalone", address: "127.0.0.1:6379" }, poolSize: 2 });
 * const cache = createCache({ backend });
 * await cache.close();
 * ```
 */
export function redisBackend(
  { client, mode = "coherent", ...own }: RedisStoreOptions = {},
  host: BackendHost = systemHost,
): Backend {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const settings: RedisSettings = { ...DEFAULTS, ...given };
  return createRedisBackend(
    client === undefined ? { ...settings, mode } : { ...settings, mode, foreignClient: client },
    host,
  );
}
