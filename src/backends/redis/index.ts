export type { RedisClient } from "../../clients/redis/redis-client.ts";
export type { RedisSettings } from "../../clients/redis/redis-settings.ts";
export { createRedisBackend } from "./redis-backend.ts";
export type { AdoptedRedisClient, RedisBackendSettings, RedisMode } from "./redis-backend-settings.ts";
