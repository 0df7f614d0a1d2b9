import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const INTEGRATION = "test/{integration,packaging,examples}/**/*.test.ts";

/** Tests that compare short times with the clock, or what the event loop does meanwhile: what else runs at the same time would be measured too. */
const ALONE = [
  "test/examples/basic.test.ts",
  "test/integration/encryption-stalls.test.ts",
  "test/integration/fault-matrix.test.ts",
  "test/integration/memcached-client-faults.test.ts",
  "test/integration/memcached-client-load.test.ts",
  "test/integration/no-leaks.test.ts",
  "test/integration/tier-fleet/tier-fleet.test.ts",
];

/**
 * Tests that look at their own process: how much memory it has, whether anything is left in it, what it does with thousands of calls. What other files have left there would be measured
 * too, so each has a process of its own; but each also holds on a machine that is busy with other things.
 */
const ISOLATED = [
  "test/integration/compressors-memory.test.ts",
  "test/integration/fleet/fleet.test.ts",
  "test/integration/get-or-set-fleet.test.ts",
  "test/integration/get-or-set-wakes.test.ts",
  "test/integration/memcached-client-pool.test.ts",
  "test/integration/node-fuzz.test.ts",
  "test/integration/node-lifecycle.test.ts",
  "test/integration/node-limits.test.ts",
  "test/integration/redis-client-adopted.test.ts",
  "test/integration/redis-client-connecting.test.ts",
  "test/integration/redis-client-faults.test.ts",
  "test/integration/redis-client-fuzz.test.ts",
];

/** What takes long is begun first, the longest before all: begun last, it would run on alone while other workers have nothing to do any more. */
export const LONG: readonly string[] = [
  "test/integration/memcached-conformance.test.ts",
  "test/integration/fleet/fleet.test.ts",
  "test/integration/compressors-memory.test.ts",
  "test/integration/node-limits.test.ts",
  "test/integration/dashboard/dashboard-live.test.ts",
  "test/integration/dashboard/dashboard-keys.test.ts",
  "test/integration/middle-tiers.test.ts",
  "test/integration/get-or-set-fleet.test.ts",
  "test/integration/redis-cluster-messages.test.ts",
  "test/integration/peer-owners-restarts.test.ts",
  "test/simulation/simulation.test.ts",
  "test/conformance/broken-doubles.test.ts",
  "test/model/coherence-model.test.ts",
  "test/examples/storefront-run.test.ts",
  "test/integration/redis-conformance.test.ts",
  "test/examples/plugin.test.ts",
  "test/integration/compressors-interop.test.ts",
  "test/integration/servers-topologies.test.ts",
  "test/property/w-lirs.test.ts",
  "test/property/plain-writers.test.ts",
  "test/property/memory-policies.test.ts",
  "test/property/measured-weights.test.ts",
  "test/mutations/all-mutations.test.ts",
  "test/docs/readme.test.ts",
];

/**
 * Tests with arrays that have a `constructor` or an iterator of their own. V8 then gives up, for as long as the thread lives, what makes `splice`, `slice` and spreading fast: what comes
 * after them in their thread takes up to ten times as long.
 */
export const SPOILING: readonly string[] = [
  "src/memory/snapshot/value-encoder.test.ts",
  "test/property/codec-findings.test.ts",
  "test/property/codec-fuzz.test.ts",
];

/**
 * Vitest's order, but {@link SPOILING} last, {@link LONG} first among the files that run beside one another, and before them those with a process of their own: a process for many files ends, and all sources are loaded again,
 * where a file that is not for it comes next.
 */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      if (SPOILING.some((name) => moduleId.endsWith(`/${name}`))) return LONG.length + 1;
      const index = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index === -1 ? LONG.length : index;
    };
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    const sharing = ({ project }: TestSpecification): number => (project.config.isolate ? 0 : 1);
    return sorted.sort((a, b) => group(a) - group(b) || sharing(a) - sharing(b) || rank(a) - rank(b));
  }
}

/**
 * What sources become is kept, by their content, for the next project and the next run: each project would transform the same hundreds of files again, which takes some 7 s of a processor. `make clean`
 * removes it.
 */
const TRANSFORMED_ONCE = { fsModuleCache: true, fsModuleCachePath: ".tmp/transformed" } as const;

/** More than two processors can serve: integration tests wait for servers, processes and deadlines most of the time. */
const WORKERS_THAT_WAIT = 3;

/** What all kinds of integration tests have in common: real servers and processes. */
const WITH_SERVERS = {
  environment: "node",
  testTimeout: 60_000,
  hookTimeout: 180_000,
  // Vitest's second is soon over on a machine that is busy with other things.
  expect: { poll: { timeout: 10_000 } },
  pool: "forks",
  // To load all sources again for each file would take as long as most files do.
  isolate: false,
} as const;

/**
 * `unit` needs nothing, not even a build, and stays under half a minute. `checks` looks at the project as a whole, its
 * tests included, and needs `dist`. `integration` and `integration-isolated` start real servers and processes, some files at a time, and need `dist` too; after them come,
 * one by one, the files of `integration-alone`.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    experimental: TRANSFORMED_ONCE,
    globalSetup: "test/integration/support/script-folder.ts",
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/{unit,property,conformance,compat,simulation,model}/**/*.test.ts"],
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
          sequence: { groupOrder: 1 },
          include: ["test/{architecture,docs,mutations}/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // As with unit tests. The three that take long mostly wait for processes they start.
          pool: "threads",
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...WITH_SERVERS,
          name: "integration",
          include: [INTEGRATION],
          exclude: [...ISOLATED, ...ALONE],
          maxWorkers: WORKERS_THAT_WAIT,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...WITH_SERVERS,
          name: "integration-isolated",
          isolate: true,
          include: ISOLATED,
          maxWorkers: WORKERS_THAT_WAIT,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...WITH_SERVERS,
          name: "integration-alone",
          isolate: true,
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
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
