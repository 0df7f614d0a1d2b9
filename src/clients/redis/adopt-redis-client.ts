import { ConfigError } from "../../foundation/errors.ts";
import { adoptIoredis } from "./adopted/adopt-ioredis.ts";
import { adoptNodeRedis } from "./adopted/adopt-node-redis.ts";
import { type AdoptedRedisSettings, createAdoptedClient } from "./adopted/adopted-client.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";

/**
 * Uses a client that the user has already: a client, pool, cluster or sentinel of node-redis, or a `Redis` or `Cluster` of ioredis or
 * iovalkey. It is recognized by its shape, has our deadlines and errors around it, and is never closed by us. What it does less well
 * than a client of our own is told as warnings by `connect()`.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID`, field `redis.client`, for anything else
 */
export function adoptRedisClient(client: object, settings: AdoptedRedisSettings, host: RedisHost): RedisClient {
  const foreign = adoptIoredis(client) ?? adoptNodeRedis(client);
  if (foreign === undefined) {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "redis.client",
      "redis.client is no client of node-redis, ioredis or iovalkey. Pass what createClient(), createClientPool(), createCluster(), createSentinel(), new Redis() or new Cluster() returned.",
    );
  }
  return createAdoptedClient(foreign, settings, host);
}
