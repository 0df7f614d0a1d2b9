import { startMemcached } from "../../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import type { TierConfig } from "../../../src/config/sections/tier-config.ts";
import { createCache } from "../../../src/create-cache.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { openRawRedis, type RawRedis } from "./raw-redis.ts";

/** What lies between the memory and the last tier. */
export type MiddleKind = "redis" | "memcached";

/** A last tier, a middle one behind a proxy, and the caches over them. */
export interface ThreeTiers {
  /** Name of the middle tier. */
  readonly middleName: string;
  readonly last: RawRedis;
  /** The middle tier itself, where it is Redis. */
  readonly middle: RawRedis | undefined;
  readonly proxy: FaultProxy;
  /** Starts the middle server anew, empty, at the same port. */
  restartMiddle(): Promise<void>;
  /** The three tiers of a cache. */
  configOf(middle?: Partial<TierConfig>): readonly [TierConfig, TierConfig, TierConfig];
  /** A cache whose memory has room for one entry, so that every other read passes by it. */
  open(config?: CacheConfig, middle?: Partial<TierConfig>): Cache;
  closeCaches(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startThreeTiers(kind: MiddleKind): Promise<ThreeTiers> {
  const lastServer = await startRedis();
  const start = kind === "redis" ? startRedis : startMemcached;
  let middleServer: TestServer = await start();
  const { host, port } = middleServer;
  const proxy = await startFaultProxy({ target: { host, port } });
  const last = openRawRedis(lastServer);
  const middle = kind === "redis" ? openRawRedis({ host, port }) : undefined;
  const caches: Cache[] = [];
  const address = `${proxy.host}:${proxy.port}`;
  const configOf = (more: Partial<TierConfig> = {}): readonly [TierConfig, TierConfig, TierConfig] => [
    { backend: "memory", write: "around", memory: { maxKeys: 1, evictionPolicy: "lru" } },
    {
      ...(kind === "redis"
        ? { backend: "redis", redis: { addresses: [address], poolSize: 1 } }
        : { backend: "memcached", memcached: { servers: [address] } }),
      timeout: "1s",
      ...more,
    },
    { backend: "redis", redis: { addresses: [`${lastServer.host}:${lastServer.port}`] } },
  ];
  return {
    middleName: kind === "redis" ? "redis-2" : "memcached",
    last,
    middle,
    proxy,
    async restartMiddle() {
      await middleServer.stop();
      middleServer = await start({ port });
    },
    configOf,
    open(config = {}, middle = {}) {
      const cache = createCache({ tiers: configOf(middle), consistency: { maxStaleness: "1s" }, ...config });
      caches.push(cache);
      return cache;
    },
    async closeCaches() {
      for (const cache of caches.splice(0)) await cache.close();
    },
    async stop() {
      last.close();
      middle?.close();
      await proxy.stop();
      await Promise.all([middleServer.stop(), lastServer.stop()]);
    },
  };
}

/** Reads past the memory of a cache with room for one entry: something else is in it now. @returns the tier that answered, and the value */
export async function readPastMemory(
  cache: Cache,
  key: string,
): Promise<readonly [tier: string | undefined, value: unknown]> {
  await cache.getOrSet(key === "something else" ? "a third thing" : "something else", () => 1);
  const entry = await cache.getEntry(key);
  return [entry?.tier, entry?.value];
}
