import type { RedisSettings, RedisTopologySettings } from "../clients/redis/redis-settings.ts";
import type { TlsSettings } from "../clients/tls-settings.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import type { Field } from "./field.ts";
import { parseRedisUrl, type RedisUrl } from "./redis-url.ts";
import { REDIS_CLUSTER_FIELDS } from "./sections/redis-cluster-config.ts";
import { REDIS_FIELDS, type RedisConfig } from "./sections/redis-config.ts";

/** {@link RedisConfig} with units settled. */
export interface ResolvedRedisConfig {
  readonly settings: RedisSettings;
  /** The servers of `addresses`, for sharding. */
  readonly addresses: readonly string[];
  /** A client of the user's own, which brings its connections. */
  readonly client: object | undefined;
}

/** The settings of a Redis section whose values and combinations are allowed. */
export function resolveRedis(redis: RedisConfig): ResolvedRedisConfig {
  // Checked before, so it parses.
  const url = redis.url === undefined ? undefined : (parseRedisUrl(redis.url) as RedisUrl);
  const addresses = url === undefined ? (redis.addresses ?? defaultOf<readonly string[]>("addresses")) : [url.address];
  const { username = url?.username, password = url?.password } = redis;
  const settings: RedisSettings = Object.freeze({
    name: "redis",
    topology: Object.freeze(resolveTopology(redis, addresses)),
    credentials: redis.credentials ?? Object.freeze({ username, password }),
    db: redis.db ?? url?.db ?? defaultOf<number>("db"),
    poolSize: redis.poolSize ?? defaultOf<number>("poolSize"),
    dialTimeoutMs: durationOf(redis, "dialTimeout"),
    readTimeoutMs: durationOf(redis, "readTimeout"),
    writeTimeoutMs: durationOf(redis, "writeTimeout"),
    poolTimeoutMs: durationOf(redis, "poolTimeout"),
    idleTimeoutMs: durationOf(redis, "idleTimeout"),
    idleCheckMs: durationOf(redis, "idleCheckFrequency"),
    maxRetries: redis.maxRetries ?? defaultOf<number>("maxRetries"),
    retryBackoff: Object.freeze({
      minMs: durationOf(redis, "minRetryBackoff"),
      maxMs: durationOf(redis, "maxRetryBackoff"),
    }),
    tls: redis.tls === true || url?.isEncrypted === true ? resolveTls(redis) : undefined,
  });
  return Object.freeze({ settings, addresses, client: redis.client });
}

/** How connections are encrypted, from a section that has them encrypted. */
export function resolveTls(
  section: Pick<RedisConfig, "tlsSkipVerify" | "caFile" | "certFile" | "keyFile" | "serverName">,
): TlsSettings {
  const { tlsSkipVerify = false, caFile, certFile, keyFile, serverName } = section;
  return Object.freeze({ isVerified: !tlsSkipVerify, caFile, certFile, keyFile, serverName });
}

function resolveTopology(redis: RedisConfig, addresses: readonly string[]): RedisTopologySettings {
  const { cluster, sentinel } = redis;
  if (sentinel !== undefined) {
    return {
      kind: "sentinel",
      name: sentinel.name as string,
      addresses: sentinel.addresses as readonly string[],
      credentials: Object.freeze({ username: sentinel.username, password: sentinel.password }),
    };
  }
  if (cluster?.enabled !== true) return { kind: "standalone", address: addresses[0] as string };
  return {
    kind: "cluster",
    addresses,
    maxRedirects: cluster.maxRedirects ?? (REDIS_CLUSTER_FIELDS.maxRedirects.default as number),
    readFrom: readFromOf(cluster),
  };
}

function readFromOf(cluster: NonNullable<RedisConfig["cluster"]>): "primary" | "replica" | "nearest" | "random" {
  if (cluster.routeByLatency === true) return "nearest";
  if (cluster.routeRandomly === true) return "random";
  return cluster.readOnly === true ? "replica" : "primary";
}

type DurationName = {
  [Name in keyof RedisConfig]-?: NonNullable<RedisConfig[Name]> extends Duration | false ? Name : never;
}[keyof RedisConfig];

/** In ms; `false` is never. */
function durationOf(redis: RedisConfig, name: DurationName): number {
  const given = (redis[name] ?? defaultOf<Duration>(name)) as Duration | false;
  if (given === false) return Number.POSITIVE_INFINITY;
  // Checked before, so that a text has a unit.
  return typeof given === "number" ? given : (parseDuration(given) as number);
}

/** The default in the field's table, whose type the compiler cannot see. */
function defaultOf<Value>(name: keyof RedisConfig): Value {
  return (REDIS_FIELDS[name] as Field).default as Value;
}
