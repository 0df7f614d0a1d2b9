import type { BackendHost } from "../../backend/registry.ts";
import { systemHost } from "../../backend/system-host.ts";
import type { MemcachedSettings } from "../../clients/memcached/memcached-settings.ts";
import { createMemcachedBackend, type MemcachedBackend } from "./memcached-backend.ts";
import type { MemcachedBackendSettings } from "./memcached-backend-settings.ts";

/** What a Memcached store may be told. What is left out has the default of the configuration's section `memcached`. */
export type MemcachedStoreOptions = Partial<MemcachedBackendSettings>;

const DEFAULTS: MemcachedSettings = Object.freeze({
  name: "memcached",
  address: "localhost:11211",
  timeoutMs: 100,
  maxIdleConnections: 2,
  credentials: undefined,
  tls: undefined,
});

/**
 * A store on one Memcached server, to be handed to `createCache` or to a sharded store. Opens nothing before its first use.
 *
 * @param host where time, chance and timers come from, and who is told of connections. Default: the platform, and nobody
 *
 * @example
 * ```ts
 * import { createCache } from "gocachex";
 * import { memcachedBackend } from "gocachex/memcached";
 *
 * const cache = createCache({ backend: memcachedBackend({ address: "127.0.0.1:11211", timeoutMs: 250 }) });
 * await cache.close();
 * ```
 */
export function memcachedBackend(
  options: MemcachedStoreOptions = {},
  host: BackendHost = systemHost,
): MemcachedBackend {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return createMemcachedBackend({ ...DEFAULTS, mode: "coherent", ...given }, host);
}
