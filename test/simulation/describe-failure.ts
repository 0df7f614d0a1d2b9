import { runSchedule } from "./run-schedule.ts";
import type { Schedule } from "./schedule.ts";

/** A schedule that breaks a promise, for people: its settings, its steps, everything that happened up to the violation, and what that was. */
export async function describeFailure(schedule: Schedule): Promise<string> {
  const log: string[] = [];
  const { violations } = await runSchedule(schedule, (atMs, text) =>
    log.push(`${atMs.toFixed(1).padStart(8)}  ${text}`),
  );
  const [violation] = violations;
  const untilMs = violation?.atMs ?? Number.POSITIVE_INFINITY;
  const lines = log.filter((line) => Number.parseFloat(line) <= untilMs);
  return [
    `seed ${schedule.seed} ${JSON.stringify(schedule.settings)}`,
    ...schedule.steps.map(
      ({ id, atMs, action }) => `${String(atMs).padStart(8)}  step ${id} ${JSON.stringify(action)}`,
    ),
    "",
    ...lines,
    "",
    violation === undefined
      ? "nothing is broken"
      : `${violation.rule} at ${violation.atMs.toFixed(1)}: ${violation.text}`,
  ].join("\n");
}
