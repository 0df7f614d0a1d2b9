import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeFailure } from "./describe-failure.ts";
import { drawSchedule } from "./draw-schedule.ts";
import { describeScenario, runScenario } from "./run-scenarios.ts";
import { runSchedule } from "./run-schedule.ts";
import { describeSeed, runSeeds } from "./run-seeds.ts";
import { scheduleOf } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { shrinkSchedule } from "./shrink-schedule.ts";

/** As many as there is time for in each run of the tests; `scripts/simulate.mjs` runs the rest. */
const SEED_COUNT = 220;
/** Rows of the table of races that are shown by schedules; the others are shown by tests against real servers. */
const SIMULATED_ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26];

describe("in a simulated fleet", () => {
  it.each(SCENARIOS)("$name", async (scenario) => {
    const failure = await runScenario(scenario);
    expect(failure && (await describeScenario(scenario, failure.seed))).toBeUndefined();
  });

  it("every row of the table of races that can be simulated is a scenario", () => {
    const rows = new Set(SCENARIOS.flatMap((scenario) => scenario.rows));
    expect([...rows].sort((left, right) => left - right)).toEqual(SIMULATED_ROWS);
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });

  it("the page on coherence names the scenarios of each row, and no others", () => {
    const page = readFileSync(new URL("../../docs/design/coherence.md", import.meta.url), "utf8");
    const named = [...page.matchAll(/^\| (\d+) \|.*\| (.*) \|$/gm)].flatMap(([, row, cell = ""]) =>
      cell.split(" · ").flatMap((text) => (text.startsWith("`") ? [] : [`${row} ${text}`])),
    );
    const all = SCENARIOS.flatMap(({ rows, name }) => rows.map((row) => `${row} ${name}`));
    expect(named.toSorted()).toEqual(all.toSorted());
  });

  it("every seed keeps the promises", { timeout: 120_000 }, async () => {
    const { failures, nearCount, middleCount, farCount } = await runSeeds(0, SEED_COUNT, { maxFailures: 1 });
    const [failure] = failures;
    expect(failure && (await describeSeed(failure.seed))).toBeUndefined();
    // Or it would look at nothing.
    expect(nearCount).toBeGreaterThan(10 * SEED_COUNT);
    expect(middleCount).toBeGreaterThan(SEED_COUNT / 2);
    expect(farCount).toBeGreaterThan(10 * SEED_COUNT);
  });

  it("a seed repeats its run", async () => {
    const [first, second] = [await logOf(7), await logOf(7)];
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(100);
    expect(await logOf(8)).not.toEqual(first);
  });

  it("a schedule that breaks nothing is not shortened", async () => {
    const schedule = scheduleOf(SCENARIOS[0] as (typeof SCENARIOS)[number], 1);
    expect(await shrinkSchedule(schedule)).toBe(schedule);
    expect(await describeFailure(schedule)).toContain("nothing is broken");
  });
});

async function logOf(seed: number): Promise<readonly string[]> {
  const log: string[] = [];
  await runSchedule(drawSchedule(seed), (atMs, text) => log.push(`${atMs} ${text}`));
  return log;
}
