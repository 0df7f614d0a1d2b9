import { type Duration, parseDuration } from "../../foundation/duration.ts";
import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { parseRedisUrl } from "../redis-url.ts";
import { REDIS_FIELDS, type RedisConfig } from "../sections/redis-config.ts";
import { listRedisSections } from "./active-sections.ts";
import { type Located, refuse } from "./rule.ts";
import { checkTransportSecurity } from "./transport-security-rules.ts";

type RedisName = keyof RedisConfig;

/** Pairs that say the same thing twice, or contradict each other. */
const EXCLUSIVE: readonly (readonly [RedisName, RedisName])[] = [
  ["url", "addresses"],
  ["url", "username"],
  ["url", "password"],
  ["url", "db"],
  ["credentials", "username"],
  ["credentials", "password"],
  ["sentinel", "addresses"],
  ["sentinel", "url"],
  ["client", "addresses"],
  ["client", "url"],
  ["client", "sentinel"],
];

/** What is ours also where the client is somebody else's. */
const OF_ANY_CLIENT: ReadonlySet<RedisName> = new Set([
  ...["client", "addresses", "url", "sentinel"],
  ...["readTimeout", "writeTimeout", "maxRetries", "minRetryBackoff", "maxRetryBackoff"],
] as RedisName[]);

/** What cannot stand together in a Redis section. */
export function checkRedis(config: CacheConfig): readonly Problem[] {
  return listRedisSections(config).flatMap((located) => [
    ...checkExclusive(located),
    ...checkClient(located),
    ...checkUrl(located),
    ...checkTopology(located),
    ...checkBackoff(located),
    ...checkTransportSecurity(located.path, located.section, isEncrypted(located.section)),
  ]);
}

function isEncrypted(redis: RedisConfig): boolean {
  return redis.tls === true || redis.url?.startsWith("rediss:") === true;
}

function checkExclusive({ path, section }: Located<RedisConfig>): readonly Problem[] {
  return EXCLUSIVE.filter(([first, second]) => section[first] !== undefined && section[second] !== undefined).map(
    ([first, second]) =>
      refuse(`${path}.${second}`, `${path}.${first} and ${path}.${second} exclude each other. Keep one of them.`),
  );
}

/** An injected client has its own connections: what says how to make them would be ignored. */
function checkClient({ path, section }: Located<RedisConfig>): readonly Problem[] {
  if (section.client === undefined) return [];
  return (Object.keys(section) as RedisName[])
    .filter((name) => section[name] !== undefined && !OF_ANY_CLIENT.has(name))
    .map((name) =>
      refuse(
        `${path}.${name}`,
        `${path}.client brings its own connections, so ${path}.${name} would have no effect. Set it where the client is made, and remove it here.`,
      ),
    );
}

function checkUrl({ path, section: { url, tls } }: Located<RedisConfig>): readonly Problem[] {
  if (url === undefined) return [];
  const field = `${path}.url`;
  const parsed = parseRedisUrl(url);
  if (typeof parsed === "string") return [refuse(field, `${field} ${parsed}`)];
  return parsed.isEncrypted && tls === false
    ? [
        refuse(
          `${path}.tls`,
          `${field} begins with "rediss:", which is TLS, and ${path}.tls is false. Keep one of them.`,
        ),
      ]
    : [];
}

function checkTopology({ path, section: redis }: Located<RedisConfig>): readonly Problem[] {
  const problems: Problem[] = [];
  const cluster = redis.cluster;
  if (cluster?.enabled === true && redis.sentinel !== undefined) {
    problems.push(
      refuse(
        `${path}.sentinel`,
        `${path}.cluster and ${path}.sentinel exclude each other: a cluster fails over by itself. Remove ${path}.sentinel or set ${path}.cluster.enabled to false.`,
      ),
    );
  }
  if (cluster?.enabled === true && redis.db !== undefined && redis.db !== 0) {
    problems.push(
      refuse(
        `${path}.db`,
        `${path}.db is ${redis.db}, but a Redis Cluster has only database 0. Remove it, and use namespace to keep keys apart.`,
      ),
    );
  }
  if (cluster?.enabled !== false && cluster?.routeByLatency === true && cluster.routeRandomly === true) {
    problems.push(
      refuse(
        `${path}.cluster.routeRandomly`,
        `${path}.cluster.routeByLatency and ${path}.cluster.routeRandomly exclude each other. Keep one of them.`,
      ),
    );
  }
  for (const name of ["name", "addresses"] as const) {
    if (redis.sentinel !== undefined && (redis.sentinel[name] === undefined || redis.sentinel[name].length === 0)) {
      problems.push(refuse(`${path}.sentinel.${name}`, `${path}.sentinel.${name} is required.`));
    }
  }
  return problems;
}

function checkBackoff({ path, section: redis }: Located<RedisConfig>): readonly Problem[] {
  const minMs = toMs(redis.minRetryBackoff ?? (REDIS_FIELDS.minRetryBackoff.default as string));
  const maxMs = toMs(redis.maxRetryBackoff ?? (REDIS_FIELDS.maxRetryBackoff.default as string));
  if (minMs <= maxMs) return [];
  return [
    refuse(
      `${path}.minRetryBackoff`,
      `${path}.minRetryBackoff (${minMs} ms) is above ${path}.maxRetryBackoff (${maxMs} ms). Lower it, or raise the other.`,
    ),
  ];
}

/** Durations were checked before, so that text has a unit. */
function toMs(duration: Duration): number {
  return typeof duration === "number" ? duration : (parseDuration(duration) as number);
}
