import { describe, expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { pause, waitWithin } from "./deadline.ts";

const never = new Promise<never>(() => undefined);
const onTimeout = (): Error => new Error("late");

describe("waitWithin", () => {
  it("passes on a result or a failure that comes in time, and leaves no timer", async () => {
    const { scheduler, pendingCount } = createFakeTime();
    const limits = { timeoutMs: 10, onTimeout, scheduler };
    expect(await waitWithin(Promise.resolve(1), limits)).toBe(1);
    await expect(waitWithin(Promise.reject(new Error("own")), limits)).rejects.toThrow("own");
    expect(pendingCount()).toBe(0);
  });

  it("ends at the timeout", async () => {
    const { scheduler, advance } = createFakeTime();
    const waiting = waitWithin(never, { timeoutMs: 10, onTimeout, scheduler });
    advance(10);
    await expect(waiting).rejects.toThrow("late");
  });

  it("ends when the signal is aborted, and at once when it was already", async () => {
    const { scheduler, pendingCount } = createFakeTime();
    const controller = new AbortController();
    const limits = { timeoutMs: 10, onTimeout, scheduler, signal: controller.signal };
    const waiting = waitWithin(never, limits);
    controller.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await expect(waitWithin(never, limits)).rejects.toThrow("left");
    expect(pendingCount()).toBe(0);
  });
});

describe("pause", () => {
  it("ends in time or with the signal's reason", async () => {
    const { scheduler, advance, pendingCount } = createFakeTime();
    const done = pause(5, scheduler);
    advance(5);
    await done;
    const controller = new AbortController();
    const ended = pause(5, scheduler, controller.signal);
    controller.abort(new Error("left"));
    await expect(ended).rejects.toThrow("left");
    await expect(pause(5, scheduler, controller.signal)).rejects.toThrow("left");
    expect(pendingCount()).toBe(0);
  });
});
