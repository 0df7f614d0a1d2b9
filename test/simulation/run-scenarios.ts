import { describeFailure } from "./describe-failure.ts";
import type { Violation } from "./judge.ts";
import { runSchedule } from "./run-schedule.ts";
import { type Scenario, scheduleOf } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** How often a scenario runs: with each seed other things are first of those that happen at one instant. */
const SEEDS_PER_SCENARIO = 6;

/** Nodes that keep the keys themselves do some thousand things in a run. */
const SEEDS_PER_OWNER_SCENARIO = 2;

/** What a scenario broke. */
export interface ScenarioFailure {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly violation: Violation;
}

/** Runs a scenario with some seeds. @returns the first violation; `undefined`: there was none */
export async function runScenario(
  scenario: Scenario,
  fromSeed: number = 1,
  toSeed: number = SEEDS_PER_SCENARIO,
): Promise<ScenarioFailure | undefined> {
  const lastSeed = scenario.settings?.isOwned === true ? Math.min(toSeed, SEEDS_PER_OWNER_SCENARIO) : toSeed;
  for (let seed = fromSeed; seed <= lastSeed; seed += 1) {
    const { violations } = await runSchedule(scheduleOf(scenario, seed));
    const [violation] = violations;
    if (violation !== undefined) return { scenario, seed, violation };
  }
  return undefined;
}

/** Runs all scenarios until one fails: each with its first seed, then each with the others. */
export async function findFailingScenario(): Promise<ScenarioFailure | undefined> {
  for (const [fromSeed, toSeed] of [
    [1, 1],
    [2, SEEDS_PER_SCENARIO],
  ] as const) {
    for (const scenario of SCENARIOS) {
      const failure = await runScenario(scenario, fromSeed, toSeed);
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

/** A scenario that breaks a promise, for people. */
export function describeScenario(scenario: Scenario, seed: number): Promise<string> {
  return describeFailure(scheduleOf(scenario, seed));
}
