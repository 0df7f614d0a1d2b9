export { createMemcachedBackend } from "./memcached-backend.ts";
export type { MemcachedBackendSettings } from "./memcached-backend-settings.ts";
