import { ClusterRoute } from "./cluster-route.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisRoute, RedisRouteParts } from "./redis-route.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { RoutedRedisClient } from "./routed-client.ts";
import { SentinelRoute } from "./sentinel-route.ts";
import { StandaloneRoute } from "./standalone-route.ts";

/** A client for what the settings name. Opens nothing yet. */
export function createRedisClient(settings: RedisSettings, host: RedisHost): RedisClient {
  return new RoutedRedisClient(settings, host, (parts) => createRoute(settings, parts));
}

function createRoute(settings: RedisSettings, parts: RedisRouteParts): RedisRoute {
  const { topology } = settings;
  switch (topology.kind) {
    case "standalone":
      return new StandaloneRoute(topology.address, settings, parts);
    case "sentinel":
      return new SentinelRoute(topology, settings, parts);
    case "cluster":
      return new ClusterRoute(topology, settings, parts);
  }
}
