import { backendCases } from "./backend-cases/all-backend-cases.ts";
import type { BackendCase } from "./backend-cases/backend-case.ts";
import { type BackendConformanceOptions, caseTimeoutMs } from "./backend-conformance.ts";
import { type CaseRunner, createCaseRunner } from "./case-order.ts";
import { resolveConformance } from "./run-backend-conformance.ts";

/** The two functions of a test runner that the kit needs: those of vitest, jest, mocha and `node:test` fit. */
export interface ConformanceRunner {
  // Structural and loose on purpose: every runner types its callbacks differently, and none is imported here.
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (
    name: string,
    body: (this: unknown, ...given: unknown[]) => Promise<void>,
    timeoutMs?: number,
  ) => unknown;
}

/** Options of {@link defineBackendConformance}. */
export interface DefineBackendConformanceOptions extends BackendConformanceOptions {
  /** The runner's functions. Default: the global `describe` and `it`, which jest and mocha have. */
  readonly runner?: ConformanceRunner;
}

/** What a runner may hand to a test: `this` in mocha, the first argument in vitest and `node:test`. */
interface RunnerContext {
  readonly skip?: (reason?: string) => unknown;
  readonly timeout?: unknown;
}

/** Beyond the kit's own deadlines for create, the case and close, so that the kit reports what hung and not the runner. */
const RUNNER_GRACE_MS = 1_000;
const STEPS_WITH_DEADLINE = 3;

/**
 * Defines one test for each case of the kit, in groups, with a runner's `describe` and `it`. A case whose capability is
 * not there is reported as skipped with the reason (where the runner's skip takes no reason, it is printed).
 *
 * @throws TypeError when there is no runner, or `skip` names a case that does not exist
 * @example
 * ```ts
 * import { describe, it } from "node:test";
 *
 * defineBackendConformance({
 *   name: "my store",
 *   time: "real",
 *   create: () => ({ backend: createMyStore() }),
 *   runner: { describe, it },
 * });
 * ```
 */
export function defineBackendConformance(options: DefineBackendConformanceOptions): void {
  const { describe, it } = options.runner ?? globalRunner();
  const resolved = resolveConformance(options);
  const run = createCaseRunner(resolved);
  describe(`backend conformance: ${resolved.name}`, () => {
    for (const group of resolved.groups) {
      describe(group, () => {
        for (const backendCase of backendCases) {
          if (backendCase.group !== group) continue;
          const runnerTimeoutMs = STEPS_WITH_DEADLINE * caseTimeoutMs(backendCase, resolved) + RUNNER_GRACE_MS;
          it(backendCase.name, testBody(backendCase, { run, name: resolved.name, runnerTimeoutMs }), runnerTimeoutMs);
        }
      });
    }
  });
}

function globalRunner(): ConformanceRunner {
  const { describe, it } = globalThis as unknown as Partial<ConformanceRunner>;
  if (typeof describe === "function" && typeof it === "function") return { describe, it };
  throw new TypeError("There is no global describe() and it(). Pass them: { runner: { describe, it } }.");
}

/** What the test of a case needs besides the case. */
interface TestParts {
  readonly run: CaseRunner;
  /** The store's name. */
  readonly name: string;
  readonly runnerTimeoutMs: number;
}

/** The test of one case. Declares no parameter: jest and mocha take one for a callback that they wait for. */
function testBody(
  backendCase: BackendCase,
  { run, name, runnerTimeoutMs }: TestParts,
): (this: unknown, ...given: unknown[]) => Promise<void> {
  return async function runCase(this: unknown, ...given: unknown[]): Promise<void> {
    const own = (this ?? {}) as RunnerContext;
    // mocha takes the time limit here only; vitest and jest took it as the third argument of `it`.
    if (typeof own.timeout === "function") own.timeout(runnerTimeoutMs);
    const outcome = await run(backendCase);
    if (outcome.kind === "passed") return;
    const context = given[0] as RunnerContext | undefined;
    if (typeof context?.skip === "function") {
      context.skip(outcome.reason);
      return;
    }
    process.stdout.write(`skipped: ${name}: ${backendCase.name}: ${outcome.reason}\n`);
    if (typeof own.skip === "function") own.skip();
  };
}
