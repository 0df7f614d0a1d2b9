import { runSchedule } from "./run-schedule.ts";
import type { Schedule, SimulationSettings, Step } from "./schedule.ts";

/** Simpler networks, tried once no step can be left out. */
const SIMPLER: readonly Partial<SimulationSettings>[] = [
  { doubledRatio: 0 },
  { lostRatio: 0 },
  { feed: "ordered", isLinkOrdered: true },
  { nearMaxKeys: 100 },
  { nearTtlMs: Number.POSITIVE_INFINITY },
  { shardCount: 1 },
  { wallLeadsMs: [] },
  { rareDelayMs: 12 },
  { usualDelayMs: 1, rareDelayMs: 1 },
];

/**
 * Leaves steps out of a schedule, and makes its network simpler, as long as it breaks the same rule: halves first, then quarters, and so on down to single steps (Zeller's delta
 * debugging, without the complements that hold for single steps anyway).
 *
 * @see https://www.st.cs.uni-saarland.de/papers/tse2002/tse2002.pdf
 * @returns the schedule itself when it breaks nothing
 */
export async function shrinkSchedule(schedule: Schedule): Promise<Schedule> {
  const rule = await brokenRule(schedule);
  if (rule === undefined) return schedule;
  let best = schedule;
  const accept = async (candidate: Schedule): Promise<boolean> => {
    if ((await brokenRule(candidate)) !== rule) return false;
    best = candidate;
    return true;
  };
  let isSmaller = true;
  while (isSmaller) {
    const before = best.steps.length;
    await dropSteps(() => best, accept);
    for (const simpler of SIMPLER) await accept({ ...best, settings: { ...best.settings, ...simpler } });
    isSmaller = best.steps.length < before;
  }
  return best;
}

async function dropSteps(best: () => Schedule, accept: (candidate: Schedule) => Promise<boolean>): Promise<void> {
  for (let size = Math.ceil(best().steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best().steps.length; ) {
      const { steps } = best();
      const rest: readonly Step[] = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (!(await accept({ ...best(), steps: rest }))) at += size;
    }
  }
}

async function brokenRule(schedule: Schedule): Promise<string | undefined> {
  const { violations } = await runSchedule(schedule);
  return violations[0]?.rule;
}
