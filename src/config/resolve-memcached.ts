import type { MemcachedSettings } from "../clients/memcached/memcached-settings.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import { resolveTls } from "./resolve-redis.ts";
import { MEMCACHED_FIELDS, type MemcachedConfig } from "./sections/memcached-config.ts";

/** A server and its share of the keys. */
export interface WeightedServer {
  /** Its address. */
  readonly address: string;
  /** How many times the keys of a server of weight 1. */
  readonly weight: number;
}

/** {@link MemcachedConfig} with units settled. */
export interface ResolvedMemcachedConfig {
  /** The settings of each server, but for its address. */
  readonly settings: Omit<MemcachedSettings, "address">;
  readonly servers: readonly WeightedServer[];
}

/** The settings of a Memcached section whose values and combinations are allowed. */
export function resolveMemcached(memcached: MemcachedConfig): ResolvedMemcachedConfig {
  const { username, password } = memcached;
  const timeout: Duration = memcached.timeout ?? (MEMCACHED_FIELDS.timeout.default as Duration);
  const settings = Object.freeze({
    name: "memcached",
    timeoutMs: typeof timeout === "number" ? timeout : (parseDuration(timeout) as number),
    maxIdleConnections: memcached.maxIdleConns ?? (MEMCACHED_FIELDS.maxIdleConns.default as number),
    credentials: username === undefined || password === undefined ? undefined : Object.freeze({ username, password }),
    tls: memcached.tls === true ? resolveTls(memcached) : undefined,
  });
  const servers = memcached.servers ?? (MEMCACHED_FIELDS.servers.default as readonly string[]);
  return Object.freeze({ settings, servers: parseWeightedServers(servers) });
}

/** `"host:port"` or `"host:port weight"`, each; checked before. */
export function parseWeightedServers(servers: readonly string[]): readonly WeightedServer[] {
  return Object.freeze(
    servers.map((server) => {
      const [address = server, weight = "1"] = server.split(" ");
      return Object.freeze({ address, weight: Number(weight) });
    }),
  );
}
