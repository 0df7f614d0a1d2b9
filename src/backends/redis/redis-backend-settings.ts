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
export type RedisBackendSettings = (RedisSettings | AdoptedRedisClient) & { readonly mode: RedisMode };

/** A client that is there already. The store connects and closes it. */
export interface AdoptedRedisClient {
  /** Name of the store, for messages. */
  readonly name: string;
  readonly client: RedisClient;
}
