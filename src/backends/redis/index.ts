export type { BackendHost } from "../../backend/registry.ts";
export type { RedisCredentials, RedisSettings, RedisTopologySettings } from "../../clients/redis/redis-settings.ts";
export type { TlsSettings } from "../../clients/tls-settings.ts";
export type { RedisMode } from "./redis-backend-settings.ts";
export { type RedisStoreOptions, redisBackend } from "./redis-store.ts";
