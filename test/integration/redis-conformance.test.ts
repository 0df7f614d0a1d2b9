import { afterAll, beforeAll, describe, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { createRedisBackend } from "../../src/backends/redis/redis-backend.ts";
import type { RedisMode } from "../../src/backends/redis/redis-backend-settings.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { clusterOf, redisSettings, standalone } from "./support/redis-backend.ts";
import { startRedisCluster, type TestCluster } from "./support/redis-cluster.ts";

/** Versions of the plain mode are digests of contents: nothing lies in the server that could grow. */
const DIGESTS_DO_NOT_GROW = "versions of the plain mode are digests of contents, which do not grow";
const EQUAL_CONTENTS = "in the plain mode equal contents have equal versions, also after a delete";
const PLAIN_SKIPS: Readonly<Record<string, string>> = {
  "gives every write of a key a larger version": DIGESTS_DO_NOT_GROW,
  "lets versions grow across a delete": DIGESTS_DO_NOT_GROW,
  "lets versions grow across a delete of many": DIGESTS_DO_NOT_GROW,
  "lets versions grow across the end of a TTL": DIGESTS_DO_NOT_GROW,
  "lets versions grow across an expire to 0": DIGESTS_DO_NOT_GROW,
  "lets versions of batches, single writes and deletes grow together": DIGESTS_DO_NOT_GROW,
  "lets versions of counters, transactions and writes grow together": DIGESTS_DO_NOT_GROW,
  "gives writes of one key that run together different versions": DIGESTS_DO_NOT_GROW,
  "lets versions grow when two clients write in turn": DIGESTS_DO_NOT_GROW,
  "writes on condition of a version only when exactly that one lives there": DIGESTS_DO_NOT_GROW,
  "keeps one whole value of many that are written together": DIGESTS_DO_NOT_GROW,
  "refuses an old version after the key was deleted and written again with the same value": EQUAL_CONTENTS,
  "takes a deleted or expired entry for absent, and a new one for changed": EQUAL_CONTENTS,
};

describe("one Redis", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  for (const mode of ["coherent", "plain"] as const) {
    defineKit(`redis, ${mode}`, mode, {
      topology: () => standalone(server),
      // A shared server holds other people's data.
      empty: async () => {
        if (server.process !== undefined) await askServer(server, "FLUSHALL\r\n");
      },
    });
  }
});

describe("a Redis Cluster of three primaries", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  for (const mode of ["coherent", "plain"] as const) {
    defineKit(`redis cluster, ${mode}`, mode, {
      topology: () => clusterOf(cluster.addresses),
      empty: async () => void (await cluster.askAll("FLUSHALL\r\n")),
    });
  }
});

interface KitServer {
  readonly topology: () => ReturnType<typeof standalone>;
  readonly empty: () => Promise<void>;
}

function defineKit(name: string, mode: RedisMode, { topology, empty }: KitServer): void {
  let openCount = 0;
  defineBackendConformance({
    name,
    time: "real",
    // Cases that wait do so together, which makes the process late at times.
    ttlUnitMs: 200,
    waitsTogether: true,
    exclusiveData: true,
    runner: { describe, it },
    skip: mode === "plain" ? PLAIN_SKIPS : {},
    create: async (host) => {
      // Those that need all of the data run when no other case does.
      if (openCount === 0) await empty();
      openCount += 1;
      const make = () => createRedisBackend({ ...redisSettings(topology()), mode }, host);
      const dispose = (): void => {
        openCount -= 1;
      };
      return { backend: make(), openSecond: make, dispose };
    },
  });
}
