import { describe, expect, it } from "vitest";
import { createFakeTime } from "./fake-clock.ts";

describe("createFakeTime", () => {
  it("moves both clocks together and keeps their starts apart", () => {
    const time = createFakeTime(1_000_000);
    const startMonotonicMs = time.clock.monotonicMs();
    time.advance(250);
    expect(time.clock.wallMs()).toBe(1_000_250);
    expect(time.clock.monotonicMs()).toBe(startMonotonicMs + 250);
    expect(startMonotonicMs).not.toBe(1_000_000);
  });

  it("runs tasks in the order of time, each at its own instant", () => {
    const time = createFakeTime(0);
    const seen: [string, number][] = [];
    const note = (name: string) => (): void => void seen.push([name, time.clock.wallMs()]);
    time.scheduler.after(30, note("c"));
    time.scheduler.after(10, note("a"));
    time.scheduler.after(30, note("d"));
    time.scheduler.after(20, note("b"));
    time.advance(29);
    expect(seen).toEqual([
      ["a", 10],
      ["b", 20],
    ]);
    time.advance(1);
    expect(seen.slice(2)).toEqual([
      ["c", 30],
      ["d", 30],
    ]);
  });

  it("runs tasks that tasks schedule, when they fall due in the same span", () => {
    const time = createFakeTime(0);
    const seen: number[] = [];
    const again = (): void => {
      seen.push(time.clock.wallMs());
      time.scheduler.after(10, again);
    };
    time.scheduler.after(10, again);
    time.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    expect(time.pendingCount()).toBe(1);
  });

  it("runs soon tasks on any advance, in order, before timers", () => {
    const time = createFakeTime();
    const seen: string[] = [];
    time.scheduler.after(0, () => void seen.push("timer"));
    time.scheduler.soon(() => {
      seen.push("first");
      time.scheduler.soon(() => void seen.push("third"));
    });
    time.scheduler.soon(() => void seen.push("second"));
    time.advance(0);
    expect(seen).toEqual(["first", "second", "third", "timer"]);
    expect(time.pendingCount()).toBe(0);
  });

  it("does not run cancelled tasks", () => {
    const time = createFakeTime();
    let runCount = 0;
    const task = time.scheduler.after(5, () => {
      runCount += 1;
    });
    task.cancel();
    expect(time.pendingCount()).toBe(0);
    time.advance(10);
    task.cancel();
    expect(runCount).toBe(0);
  });

  it("lets the wall clock jump without touching timers", () => {
    const time = createFakeTime(0);
    let rang = false;
    time.scheduler.after(100, () => {
      rang = true;
    });
    time.setWall(1e12);
    time.advance(99);
    expect(rang).toBe(false);
    time.setWall(5);
    expect(time.clock.wallMs()).toBe(5);
    time.advance(1);
    expect(rang).toBe(true);
    expect(time.clock.wallMs()).toBe(6);
  });

  it("lets promises settle between tasks when advanced asynchronously", async () => {
    const time = createFakeTime(0);
    const seen: string[] = [];
    time.scheduler.after(10, () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => {
          seen.push(`chained at ${time.clock.wallMs()}`);
          time.scheduler.after(5, () => void seen.push(`rearmed at ${time.clock.wallMs()}`));
        });
    });
    time.scheduler.after(20, () => void seen.push("last"));
    await time.advanceAsync(20);
    expect(seen).toEqual(["chained at 10", "rearmed at 15", "last"]);
    expect(time.clock.wallMs()).toBe(20);
  });

  it("runs what promises schedule that were pending before an asynchronous advance", async () => {
    const time = createFakeTime(0);
    let rangAt = -1;
    void Promise.resolve().then(() => {
      time.scheduler.after(5, () => {
        rangAt = time.clock.wallMs();
      });
    });
    await time.advanceAsync(5);
    expect(rangAt).toBe(5);
  });

  it("refuses to go back and to run without end", () => {
    const time = createFakeTime();
    expect(() => time.advance(-1)).toThrow(RangeError);
    expect(() => time.advance(Number.NaN)).toThrow(RangeError);
    const again = (): void => void time.scheduler.after(0, again);
    again();
    expect(() => time.advance(1)).toThrow(/without end/);
  });
});
