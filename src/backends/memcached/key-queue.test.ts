import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { createFakeTime, type FakeTime } from "../../testing/fake-clock.ts";
import { KeyQueue } from "./key-queue.ts";

interface Setup {
  readonly queue: KeyQueue;
  readonly time: FakeTime;
  readonly log: string[];
  /** Runs a task that ends when told to. */
  start(
    name: string,
    options?: { signal?: AbortSignal; key?: string },
  ): { end(error?: unknown): void; promise: Promise<string> };
}

function setup(): Setup {
  const time = createFakeTime();
  const deadlines = new DeadlineQueue({ clock: time.clock, scheduler: time.scheduler });
  const queue = new KeyQueue(deadlines, (error) => error === "silent server");
  const log: string[] = [];
  return {
    queue,
    time,
    log,
    start(name, { signal, key = "key" } = {}) {
      let end: (error?: unknown) => void = () => undefined;
      const task = (): Promise<string> => {
        log.push(name);
        return new Promise((resolve, reject) => {
          end = (error) => (error === undefined ? resolve(name) : reject(error));
        });
      };
      const promise = queue.run(key, { signal, timeoutMs: 100, onTimeout: () => "too long" }, task);
      promise.catch(() => undefined);
      return { end: (error) => end(error), promise };
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("a queue of writers of one key", () => {
  it("runs one after another in their order, and other keys meanwhile", async () => {
    const { start, log, queue } = setup();
    const [a, b, c] = [start("a"), start("b"), start("c")];
    const other = start("other", { key: "other" });
    await settle();
    expect(log).toEqual(["a", "other"]);
    a.end();
    await settle();
    expect(log).toEqual(["a", "other", "b"]);
    b.end();
    await settle();
    c.end();
    other.end();
    expect(await Promise.all([a.promise, b.promise, c.promise])).toEqual(["a", "b", "c"]);
    expect(queue.size).toBe(0);
  });

  it("goes on after a task that failed", async () => {
    const { start, log } = setup();
    const [a, b] = [start("a"), start("b")];
    a.end("failed");
    await settle();
    expect(log).toEqual(["a", "b"]);
    b.end();
    await expect(a.promise).rejects.toBe("failed");
    expect(await b.promise).toBe("b");
  });

  it("tells all who wait when the server does not answer, for they would find out the same", async () => {
    const { start, log, queue } = setup();
    const [a, b, c] = [start("a"), start("b"), start("c")];
    a.end("silent server");
    for (const one of [a, b, c]) await expect(one.promise).rejects.toBe("silent server");
    expect(log).toEqual(["a"]);
    expect(queue.size).toBe(0);
  });

  it("lets nobody wait longer than they want to, and leaves no timer", async () => {
    const { start, time, log } = setup();
    const [a, b, c] = [start("a"), start("b"), start("c")];
    await time.advanceAsync(110);
    for (const one of [b, c]) await expect(one.promise).rejects.toBe("too long");
    a.end();
    await a.promise;
    expect(log).toEqual(["a"]);
    await time.advanceAsync(10);
    expect(time.pendingCount()).toBe(0);
  });

  it("lets go who aborts, passes them over, and stops listening to their signals", async () => {
    const { start, log } = setup();
    const controller = new AbortController();
    const { signal } = controller;
    const a = start("a");
    const [b, c] = [start("b", { signal }), start("c")];
    controller.abort("gone");
    await expect(b.promise).rejects.toBe("gone");
    a.end();
    await settle();
    expect(log).toEqual(["a", "c"]);
    c.end();
    await c.promise;
    await expect(start("late", { signal }).promise).rejects.toBe("gone");
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });
});
