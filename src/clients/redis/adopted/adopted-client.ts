import type { RedisClient } from "../redis-client.ts";
import type { RedisHost } from "../redis-host.ts";
import type { RedisSettings } from "../redis-settings.ts";
import { RoutedRedisClient } from "../routed-client.ts";
import { AdoptedRoute } from "./adopted-route.ts";
import type { ForeignRedis } from "./foreign-redis.ts";

/** What an adopted client is told; the rest is its owner's. */
export type AdoptedRedisSettings = Pick<
  RedisSettings,
  "name" | "readTimeoutMs" | "writeTimeoutMs" | "maxRetries" | "retryBackoff"
>;

/** A client over one that is the user's own; see {@link AdoptedRoute}. */
export function createAdoptedClient(
  foreign: ForeignRedis,
  settings: AdoptedRedisSettings,
  host: RedisHost,
): RedisClient {
  return new RoutedRedisClient(settings, host, (parts) => new AdoptedRoute(foreign, settings, parts));
}
