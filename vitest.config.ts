import { defineConfig, type ViteUserConfig } from "vitest/config";

const INTEGRATION = "test/{integration,packaging,examples}/**/*.test.ts";

/**
 * Tests of how long calls take, how late the event loop is, or how much memory a process has: what else runs at the same time would be
 * measured too. And those that keep all processors busy by themselves.
 */
const MEASURING = [
  "test/examples/basic.test.ts",
  "test/integration/compressors-memory.test.ts",
  "test/integration/encryption-stalls.test.ts",
  "test/integration/fault-matrix.test.ts",
  "test/integration/fleet/fleet.test.ts",
  "test/integration/get-or-set-fleet.test.ts",
  "test/integration/get-or-set-wakes.test.ts",
  "test/integration/health-of-hung-servers.test.ts",
  "test/integration/memcached-client-faults.test.ts",
  "test/integration/memcached-client-load.test.ts",
  "test/integration/memcached-client-pool.test.ts",
  "test/integration/memcached-client-replies.test.ts",
  "test/integration/no-leaks.test.ts",
  "test/integration/node-lifecycle.test.ts",
  "test/integration/redis-client-adopted.test.ts",
  "test/integration/redis-client-connecting.test.ts",
  "test/integration/redis-client-faults.test.ts",
  "test/integration/redis-client-fuzz.test.ts",
];

/** What both kinds of integration tests have in common: real servers and processes. */
const WITH_SERVERS = { environment: "node", testTimeout: 60_000, hookTimeout: 180_000, pool: "forks" } as const;

/**
 * `unit` needs nothing, not even a build, and stays under half a minute. `checks` looks at the project as a whole, its
 * tests included, and needs `dist`. `integration` starts real servers and processes, two files at a time, and needs `dist` too; after it come, one by one, the
 * files of `integration-alone`.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/{unit,property,conformance,compat}/**/*.test.ts"],
          environment: "node",
          testTimeout: 20_000,
          // Unit tests share nothing that lasts, so a thread may run many files: half the time of a process each.
          pool: "threads",
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "checks",
          include: ["test/{architecture,docs,mutations}/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { ...WITH_SERVERS, name: "integration", include: [INTEGRATION], exclude: MEASURING, maxWorkers: 2 } },
      // Vitest runs files that must not run in parallel after all others.
      { test: { ...WITH_SERVERS, name: "integration-alone", include: MEASURING, fileParallelism: false } },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});

export default config;
