import type { AdoptedRedisSettings } from "../../clients/redis/adopted/adopted-client.ts";
import type { RedisClient } from "../../clients/redis/redis-client.ts";
import type { RedisSettings } from "../../clients/redis/redis-settings.ts";

/**
 * How entries are kept.
 *
 * - `coherent`: as records with versions, tags, generations; everything a store can do.
 * - `plain`: the bytes alone under the stored key, as any other client expects them. No tags, no `clear`; versions are digests of the contents.
 */
export type RedisMode = "coherent" | "plain";

/** Settings of the Redis store: of a client that it makes, or a client that somebody made. */
export type RedisBackendSettings = (RedisSettings | AdoptedRedisClient | ForeignRedisSettings) & {
  readonly mode: RedisMode;
};

/** A client that the user has, of a library that is known. The store uses it and never closes it. */
export interface ForeignRedisSettings extends AdoptedRedisSettings {
  readonly foreignClient: object;
}

/** A client that is there already. The store connects and closes it. */
export interface AdoptedRedisClient {
  /** Name of the store, for messages. */
  readonly name: string;
  readonly client: RedisClient;
}
