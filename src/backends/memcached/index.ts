export type {
  InvalidateOptions,
  LeasedRead,
  LeasedReadOptions,
  LoadLease,
  LoadLeases,
} from "./load-leases.ts";
export { createMemcachedBackend, type MemcachedBackend } from "./memcached-backend.ts";
export type { MemcachedBackendSettings } from "./memcached-backend-settings.ts";
