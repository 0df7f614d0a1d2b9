import { describeFailure } from "./describe-failure.ts";
import { drawSchedule } from "./draw-schedule.ts";
import type { Violation } from "./judge.ts";
import { type RunReport, runSchedule } from "./run-schedule.ts";
import { shrinkSchedule } from "./shrink-schedule.ts";

/** Totals of many seeds. */
export interface SeedTotals {
  seedCount: number;
  eventCount: number;
  nearCount: number;
  farCount: number;
  middleCount: number;
  /** Seeds that broke a promise, and the first of what each broke. */
  readonly failures: { readonly seed: number; readonly violation: Violation }[];
}

/** When to stop before the last seed. */
export interface SeedLimits {
  readonly maxFailures: number;
  /** Called after each seed with the totals so far. */
  readonly onSeed?: ((totals: SeedTotals, report: RunReport) => void) | undefined;
}

/** Runs the schedules of seeds from `from` on. */
export async function runSeeds(from: number, count: number, { maxFailures, onSeed }: SeedLimits): Promise<SeedTotals> {
  const totals: SeedTotals = { seedCount: 0, eventCount: 0, nearCount: 0, farCount: 0, middleCount: 0, failures: [] };
  for (let seed = from; seed < from + count && totals.failures.length < maxFailures; seed += 1) {
    const report = await runSchedule(drawSchedule(seed));
    totals.seedCount += 1;
    totals.eventCount += report.eventCount;
    totals.nearCount += report.nearCount;
    totals.farCount += report.farCount;
    totals.middleCount += report.middleCount;
    const [violation] = report.violations;
    if (violation !== undefined) totals.failures.push({ seed, violation });
    onSeed?.(totals, report);
    // Promises alone would leave signals and timers of the platform waiting.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return totals;
}

/** The schedule of a seed that fails, shortened, with what happens in it. */
export async function describeSeed(seed: number): Promise<string> {
  return describeFailure(await shrinkSchedule(drawSchedule(seed)));
}
