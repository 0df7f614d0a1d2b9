import { backendCases } from "./backend-cases/all-backend-cases.ts";
import { type BackendCase, needsExclusiveData } from "./backend-cases/backend-case.ts";
import type { ResolvedConformance } from "./backend-conformance.ts";
import { type CaseOutcome, runBackendCase } from "./run-backend-case.ts";

/** Runs one case, now or together with others. Rejects as `runBackendCase` does. */
export type CaseRunner = (backendCase: BackendCase) => Promise<CaseOutcome>;

/**
 * How the cases of one store follow each other: one by one, as the runner asks for them. With `waitsTogether` the first case that waits
 * for time starts all that do, and each of the others answers with what became of it. Cases that would disturb them, those that need all
 * of the data or break the way to the server, begin when they are over.
 */
export function createCaseRunner(options: ResolvedConformance): CaseRunner {
  if (!options.waitsTogether || options.time === "fake") return (backendCase) => runBackendCase(backendCase, options);
  const started = new Map<string, Promise<CaseOutcome>>();

  function startWaiting(): void {
    if (started.size > 0) return;
    for (const backendCase of backendCases) {
      if (!isTogether(backendCase) || !options.groups.includes(backendCase.group)) continue;
      const outcome = runBackendCase(backendCase, options);
      // The runner asks for it later, or never when it leaves the case out.
      outcome.catch(() => undefined);
      started.set(backendCase.name, outcome);
    }
  }

  return async (backendCase) => {
    if (isTogether(backendCase)) {
      startWaiting();
      return started.get(backendCase.name) ?? runBackendCase(backendCase, options);
    }
    if (isAlone(backendCase)) await Promise.allSettled(started.values());
    return runBackendCase(backendCase, options);
  };
}

function isTogether(backendCase: BackendCase): boolean {
  return backendCase.waits === true && !isAlone(backendCase);
}

function isAlone({ group, requires = [] }: BackendCase): boolean {
  return group === "faults" || requires.includes(needsExclusiveData);
}
