import { backendCases } from "./backend-cases/all-backend-cases.ts";
import { CONFORMANCE_GROUPS, type ConformanceGroup } from "./backend-cases/backend-case.ts";
import {
  type BackendConformanceOptions,
  type ResolvedConformance,
  resolveBackendConformance,
} from "./backend-conformance.ts";
import { createCaseRunner } from "./case-order.ts";

/** A case in a report. */
export interface ConformanceVerdict {
  readonly group: ConformanceGroup;
  /** The case's name. */
  readonly name: string;
}

/** What {@link runBackendConformance} found. */
export interface ConformanceReport {
  /** The store's name. */
  readonly name: string;
  /** Whether no case failed. */
  readonly isConformant: boolean;
  readonly passed: readonly ConformanceVerdict[];
  /** With what each case threw. */
  readonly failed: readonly (ConformanceVerdict & { readonly error: unknown })[];
  /** With the capability, or the reason given in `skip`, that kept each case from running. */
  readonly skipped: readonly (ConformanceVerdict & { readonly reason: string })[];
  /** How long all took, in ms. */
  readonly durationMs: number;
}

const KNOWN_NAMES: ReadonlySet<string> = new Set(backendCases.map((backendCase) => backendCase.name));

/** The options with their defaults; for both ways to run the kit. */
export function resolveConformance(options: BackendConformanceOptions): ResolvedConformance {
  return resolveBackendConformance(options, KNOWN_NAMES, CONFORMANCE_GROUPS);
}

/**
 * Runs the kit without a test runner, one case after the other.
 *
 * @returns a report; a failing case does not reject
 * @throws TypeError when `skip` names a case that does not exist
 * @example
 * ```ts
 * const report = await runBackendConformance({ name: "map", time: "fake", create: ({ clock }) => ({ backend: createMapBackend({ clock }) }) });
 * report.isConformant; // true
 * ```
 */
export async function runBackendConformance(options: BackendConformanceOptions): Promise<ConformanceReport> {
  const resolved = resolveConformance(options);
  const passed: ConformanceVerdict[] = [];
  const failed: (ConformanceVerdict & { readonly error: unknown })[] = [];
  const skipped: (ConformanceVerdict & { readonly reason: string })[] = [];
  const startedAtMs = performance.now();
  const runCase = createCaseRunner(resolved);
  for (const backendCase of backendCases) {
    if (!resolved.groups.includes(backendCase.group)) continue;
    const verdict: ConformanceVerdict = { group: backendCase.group, name: backendCase.name };
    try {
      const outcome = await runCase(backendCase);
      if (outcome.kind === "passed") passed.push(verdict);
      else skipped.push({ ...verdict, reason: outcome.reason });
    } catch (error) {
      failed.push({ ...verdict, error });
    }
  }
  const durationMs = performance.now() - startedAtMs;
  return { name: resolved.name, isConformant: failed.length === 0, passed, failed, skipped, durationMs };
}
