import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { EventHub } from "../events/event-hub.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { assembleCache } from "./assemble-cache.ts";
import type { Cache } from "./cache.ts";
import { CallWindow, type WaitingCall } from "./call-window.ts";

const WINDOW = 512;
const DEADLINES = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

/** A cache over a store that keeps every call until the test answers it. */
function openHeld(): { cache: Cache; time: FakeTime; asked: string[]; answer(count?: number): Promise<void> } {
  const time = createFakeTime();
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const hold = <T>(key: string, value: T): Promise<T> => {
    asked.push(key);
    return new Promise((resolve) => held.push(() => resolve(value)));
  };
  const { connect: _, ...map } = createMapBackend({ async: true, clock: time.clock });
  const backend: Backend = {
    ...map,
    name: "held",
    get: (key) => hold(key, undefined),
    delete: (key) => hold(key, false),
  };
  const cache = assembleCache({
    ...{ clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
    ...{ backend, events: new EventHub(""), deadlines: DEADLINES },
    ...{ defaultTtlMs: Number.POSITIVE_INFINITY, rootPath: "" },
  });
  const answer = async (count = held.length): Promise<void> => {
    for (const settle of held.splice(0, count)) settle();
    await time.advanceAsync(0);
  };
  return { cache, time, asked, answer };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `k${index}`);

describe("calls to a remote store", () => {
  it("reach it at once as long as there is room, and then in their order as others are answered", async () => {
    const { cache, asked, answer } = openHeld();
    const calls = names(WINDOW + 3).map((key) => cache.get(key));
    expect(asked).toHaveLength(WINDOW);
    await answer(2);
    expect(asked.slice(WINDOW)).toEqual(["k512", "k513"]);
    await answer();
    await answer();
    expect(await Promise.all(calls)).toHaveLength(WINDOW + 3);
    expect(asked).toEqual(names(WINDOW + 3));
  });

  it("do not overtake those that wait", async () => {
    const { cache, asked, answer } = openHeld();
    const calls = names(WINDOW + 1).map((key) => cache.get(key));
    const settling = answer(1);
    calls.push(cache.get("later"));
    await settling;
    await answer(1);
    expect(asked.slice(WINDOW)).toEqual(["k512", "later"]);
    await answer();
    await Promise.all(calls);
  });

  it("go on to servers that answer while others hang, some of them every 5 ms", async () => {
    const { cache, time, asked } = openHeld();
    for (const key of names(WINDOW + 300)) void cache.get(key).catch(() => undefined);
    await time.advanceAsync(5);
    expect(asked).toHaveLength(WINDOW + 128);
    await time.advanceAsync(5);
    expect(asked).toHaveLength(WINDOW + 256);
    await time.advanceAsync(5);
    expect(asked).toHaveLength(WINDOW + 300);
  });

  it("end at their deadline, counted from the call, when they never were sent; a write then says so", async () => {
    const { cache, time, asked } = openHeld();
    for (const key of names(WINDOW)) void cache.get(key).catch(() => undefined);
    for (const key of names(60_000)) void cache.get(key).catch(() => undefined);
    const read = cache.get("read").catch((error: Error) => error);
    const write = cache.delete("write").catch((error: Error) => error);
    await time.advanceAsync(1_006);
    expect(await read).toMatchObject({ code: "GCX_BACKEND_TIMEOUT", operation: "get" });
    expect(await write).toMatchObject({ code: "GCX_BACKEND_OVERLOADED", operation: "delete" });
    expect(asked).not.toContain("read");
    expect(asked).not.toContain("write");
  });

  it("are refused beyond 65,536 that wait", async () => {
    const { cache, time } = openHeld();
    const calls = names(WINDOW + 65_536).map((key) => cache.get(key).catch(() => undefined));
    await expect(cache.get("one more")).rejects.toMatchObject({ code: "GCX_BACKEND_OVERLOADED" });
    await time.advanceAsync(2_000);
    await Promise.all(calls);
  });

  it("never reach it when the caller left while they waited", async () => {
    const { cache, asked, answer } = openHeld();
    const calls = names(WINDOW).map((key) => cache.get(key));
    const leaver = new AbortController();
    const left = cache.get("left", { signal: leaver.signal });
    calls.push(cache.get("stays"));
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await answer(2);
    expect(asked.slice(WINDOW)).toEqual(["stays"]);
    await answer();
    await Promise.all(calls);
  });

  it("leave no timer behind when none waits", async () => {
    const { cache, time, answer } = openHeld();
    const calls = names(WINDOW * 3).map((key) => cache.get(key));
    while ((await Promise.race([Promise.all(calls), answer()])) === undefined) if (time.pendingCount() === 0) break;
    await Promise.all(calls);
    expect(time.pendingCount()).toBe(0);
  });
});

describe("a window", () => {
  it("begins calls one after the other, however deep, when the store answers each at once", () => {
    const window = new CallWindow(createFakeTime().scheduler);
    let [depth, deepest, begun] = [0, 0, 0];
    const call: WaitingCall = {
      isSettled: false,
      begin: () => {
        begun += 1;
        depth += 1;
        deepest = Math.max(deepest, depth);
        window.leave(true);
        depth -= 1;
      },
    };
    while (window.tryEnter());
    for (let index = 0; index < 20_000; index += 1) window.wait(call);
    window.leave(true);
    // Each of them leaves at once, and the next takes its place in the same loop.
    expect([begun > 0, deepest]).toEqual([true, 1]);
  });
});
