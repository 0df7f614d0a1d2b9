import { monitorEventLoopDelay } from "node:perf_hooks";
import { createRedisClient } from "../../../src/clients/redis/create-redis-client.ts";
import type { RedisCallOptions, RedisClient } from "../../../src/clients/redis/redis-client.ts";
import type { RedisHost, RedisNotice } from "../../../src/clients/redis/redis-host.ts";
import type { RedisSettings } from "../../../src/clients/redis/redis-settings.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";

/** Options of calls, shared as the backend shares them. */
export const READ: RedisCallOptions = { operation: "get", kind: "read" };
export const WRITE: RedisCallOptions = { operation: "set", kind: "write" };
export const SAFE_WRITE: RedisCallOptions = { operation: "set", kind: "idempotent-write" };

/** Deadlines for tests of deadlines. */
export const SHORT: Partial<RedisSettings> = { readTimeoutMs: 400, writeTimeoutMs: 400, poolTimeoutMs: 400 };

/** Settings for tests: deadlines that a busy machine keeps, no repetitions unless asked for. */
export function redisSettings(address: string, changes: Partial<RedisSettings> = {}): RedisSettings {
  return {
    name: "redis",
    topology: { kind: "standalone", address },
    credentials: { username: undefined, password: undefined },
    db: 0,
    poolSize: 4,
    dialTimeoutMs: 15_000,
    readTimeoutMs: 8_000,
    writeTimeoutMs: 8_000,
    poolTimeoutMs: 15_000,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    idleCheckMs: Number.POSITIVE_INFINITY,
    maxRetries: 0,
    retryBackoff: { minMs: 5, maxMs: 50 },
    tls: undefined,
    ...changes,
  };
}

/** What a client lives in, with its notices. */
export function redisHost(): RedisHost & { readonly notices: RedisNotice[] } {
  const notices: RedisNotice[] = [];
  return {
    clock: systemClock,
    scheduler: systemScheduler,
    random: createSeededRandom(1),
    notices,
    onNotice: (notice) => void notices.push(notice),
  };
}

/** Runs a body with a client, and closes it whatever comes. */
export async function withRedisClient<T>(
  settings: RedisSettings,
  body: (client: RedisClient, host: ReturnType<typeof redisHost>) => Promise<T>,
): Promise<T> {
  const host = redisHost();
  const client = createRedisClient(settings, host);
  try {
    return await body(client, host);
  } finally {
    await client.close();
  }
}

/** What became of a call: its reply, or the name of its error. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    (reply) =>
      reply instanceof Buffer
        ? reply.toString()
        : JSON.stringify(reply, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}

/** How long something took; the longest time that the event loop was held up meanwhile, and all such times together. */
export async function timed<T>(
  body: () => Promise<T>,
): Promise<{ result: T; tookMs: number; heldUpMs: number; busyMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  // The first sample is taken from one tick to the next: without this, a first turn that is long would not be counted.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const startedAt = performance.now();
  const result = await body();
  const tookMs = performance.now() - startedAt;
  delays.disable();
  const busyMs = Math.max(0, delays.mean / 1e6 - 1) * delays.count;
  return { result, tookMs, heldUpMs: delays.max / 1e6, busyMs };
}
