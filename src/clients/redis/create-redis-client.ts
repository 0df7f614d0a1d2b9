import { ClusterRedisClient } from "./cluster-client.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { SentinelRedisClient } from "./sentinel-client.ts";
import { StandaloneRedisClient } from "./standalone-client.ts";

/** A client for what the settings name. Opens nothing yet. */
export function createRedisClient(settings: RedisSettings, host: RedisHost): RedisClient {
  const { topology } = settings;
  switch (topology.kind) {
    case "standalone":
      return new StandaloneRedisClient(topology.address, settings, host);
    case "sentinel":
      return new SentinelRedisClient(topology, settings, host);
    case "cluster":
      return new ClusterRedisClient(topology, settings, host);
  }
}
