import { afterAll, beforeAll, describe, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { BackendHost } from "../../src/backend/registry.ts";
import { createRedisBackend } from "../../src/backends/redis/redis-backend.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import type { ResolvedTier } from "../../src/config/resolve-tiers.ts";
import { createMiddleTiers } from "../../src/create-middle-tiers.ts";
import { createTiers } from "../../src/create-tiers.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createCodedBackend } from "../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../src/tiers/stored-values.ts";
import { redisSettings, standalone } from "./support/redis-backend.ts";

const BOUNDED = "copies of another process end by messages, or within the bound of staleness";
/** As of any store with copies: what they hold of others' changes is bounded, and here it is in memory for a moment only. */
const SKIPS: Readonly<Record<string, string>> = {
  "shows a write to a second client as soon as it is confirmed": BOUNDED,
  "sees an invalidation by another client at once": BOUNDED,
  "ends what another client wrote": BOUNDED,
  "counts the keys of a namespace, or says that it does not know, and no negative numbers":
    "counts are those of the copies in memory, which are over at once here",
};

describe("memory, another Redis, and one Redis", () => {
  let last: TestServer;
  let middle: TestServer;
  beforeAll(async () => {
    [last, middle] = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([last?.stop(), middle?.stop()]);
  });

  /** As `createCache` puts it together, with copies in memory that are over at once, so that reads come to the middle. */
  function open(host: BackendHost): Backend {
    const address = (server: TestServer): string => `${server.host}:${server.port}`;
    const config = resolveConfig({
      tiers: [
        { backend: "memory", ttl: 2 },
        { backend: "redis", redis: { addresses: [address(middle)], poolSize: 2 }, timeout: "2s" },
        { backend: "redis", redis: { addresses: [address(last)] } },
      ],
    });
    const codec = createCodec(config.codec, host);
    const values = new StoredValues(codec, { throws: true, onUnreadable: () => undefined });
    const store = createRedisBackend({ ...redisSettings(standalone(last)), mode: "coherent" }, host);
    const { tiers, deadlines, maxStalenessMs } = config;
    return createTiers(
      {
        near: tiers[0],
        far: createCodedBackend({ backend: store, codec, values }),
        middle: createMiddleTiers(config, () => undefined, host),
        ...{ maxStalenessMs, deadlines, grpc: undefined },
        encode: (value, key) => codec.encode(value, key),
        write: (tiers.at(-1) as ResolvedTier).write,
        onNotice: () => undefined,
      },
      host,
    );
  }

  let openCount = 0;
  /** Of the first of those that are open together; the others must not begin before it is over. */
  let flushing: Promise<unknown> = Promise.resolve();
  defineBackendConformance({
    name: "three tiers",
    time: "real",
    // They all wait at the same time, so a long one costs little, and a machine that stands still for half a second breaks nothing.
    ttlUnitMs: 1_000,
    waitsTogether: true,
    exclusiveData: true,
    skip: SKIPS,
    runner: { describe, it },
    create: async (host) => {
      openCount += 1;
      if (openCount === 1 && last.process !== undefined) flushing = askServer(last, "FLUSHALL\r\n");
      await flushing;
      const dispose = (): void => {
        openCount -= 1;
      };
      return { backend: open(host), openSecond: () => open(host), dispose };
    },
  });
});
