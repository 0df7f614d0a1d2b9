import { expect, it } from "vitest";
import { EventQueue } from "./event-queue.ts";

function createRun() {
  const queue = new EventQueue(1, 0);
  const owner = { isPaused: true, isDead: false };
  const happened: string[] = [];
  const runUntil = (atMs: number): Promise<void> =>
    queue.runUntil(atMs, (error) => {
      throw error;
    });
  return { queue, owner, happened, runUntil };
}

it("what was to happen to a process that stands still happens when it goes on", async () => {
  const { queue, owner, happened, runUntil } = createRun();
  queue.at(5, "timer", owner, () => happened.push("timer"));
  await runUntil(10);
  expect(happened).toEqual([]);
  queue.resume(owner);
  await runUntil(10);
  expect(happened).toEqual(["timer"]);
});

it.each([
  ["once", 1],
  ["twice", 2],
  ["three times", 3],
] as const)("what is cancelled does not happen, also after it was held %s", async (_, count) => {
  const { queue, owner, happened, runUntil } = createRun();
  const task = queue.at(5, "timer", owner, () => happened.push("timer"));
  await runUntil(10);
  for (let time = 1; time < count; time += 1) {
    queue.resume(owner);
    owner.isPaused = true;
    await runUntil(10);
  }
  queue.resume(owner);
  task.cancel();
  await runUntil(20);
  expect(happened).toEqual([]);
});
