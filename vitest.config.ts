import { defineConfig, type ViteUserConfig } from "vitest/config";

/**
 * `unit` needs nothing, not even a build, and stays under half a minute. `checks` looks at the project as a whole and
 * needs `dist`. `integration` starts real servers and processes, one file at a time, and needs `dist`.
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
          include: ["test/{architecture,docs}/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/{integration,packaging,examples}/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
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
