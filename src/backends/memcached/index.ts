export type { BackendHost } from "../../backend/registry.ts";
export type { MemcachedSettings } from "../../clients/memcached/memcached-settings.ts";
export type { TlsSettings } from "../../clients/tls-settings.ts";
export type {
  InvalidateOptions,
  LeasedRead,
  LeasedReadOptions,
  LoadLease,
  LoadLeases,
} from "./load-leases.ts";
export type { MemcachedBackend } from "./memcached-backend.ts";
export { type MemcachedStoreOptions, memcachedBackend } from "./memcached-store.ts";
