import type { Backend } from "../../../src/backend/backend.ts";
import type { BackendNotice } from "../../../src/backend/backend-notice.ts";
import type { BackendHost } from "../../../src/backend/registry.ts";
import type { SharedTier } from "../../../src/backend/shared-tier.ts";
import { createRedisBackend } from "../../../src/backends/redis/redis-backend.ts";
import type { RedisMode } from "../../../src/backends/redis/redis-backend-settings.ts";
import type { RedisSettings, RedisTopologySettings } from "../../../src/clients/redis/redis-settings.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { systemRandom } from "../../../src/foundation/random-source.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";

/** Settings as a configuration without wishes makes them, but patient: a machine that is busy with other tests is slow, not broken. */
export function redisSettings(topology: RedisTopologySettings, details: Partial<RedisSettings> = {}): RedisSettings {
  return {
    name: "redis",
    topology,
    credentials: { username: undefined, password: undefined },
    db: 0,
    poolSize: 2,
    dialTimeoutMs: 10_000,
    readTimeoutMs: 10_000,
    writeTimeoutMs: 10_000,
    poolTimeoutMs: 10_000,
    idleTimeoutMs: 300_000,
    idleCheckMs: 60_000,
    maxRetries: 3,
    retryBackoff: { minMs: 8, maxMs: 100 },
    tls: undefined,
    ...details,
  };
}

/** One server. */
export function standalone({ host, port }: { readonly host: string; readonly port: number }): RedisTopologySettings {
  return { kind: "standalone", address: `${host}:${port}` };
}

/** A cluster, by the addresses of some of its servers. */
export function clusterOf(addresses: readonly string[]): RedisTopologySettings {
  return { kind: "cluster", addresses, maxRedirects: 5, readFrom: "primary" };
}

/** The platform's clock and timers; what is told goes to `onNotice`. */
export function platformHost(onNotice: (notice: BackendNotice) => void = () => undefined): BackendHost {
  return {
    clock: systemClock,
    random: systemRandom,
    scheduler: systemScheduler,
    onRemoval: () => undefined,
    onNotice,
  };
}

/** A store with all its methods; those of capabilities it lacks are not there all the same. */
export type OpenRedisBackend = Required<Omit<Backend, "sharedTier">> & { readonly sharedTier: SharedTier };

/** A connected store. */
export async function openRedisBackend(
  topology: RedisTopologySettings,
  mode: RedisMode = "coherent",
  details: Partial<RedisSettings> = {},
  onNotice?: (notice: BackendNotice) => void,
): Promise<OpenRedisBackend> {
  const backend = createRedisBackend({ ...redisSettings(topology, details), mode }, platformHost(onNotice));
  await backend.connect?.({});
  return backend as OpenRedisBackend;
}
