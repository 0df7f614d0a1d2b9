import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { BackendUnavailableError, InvalidArgumentError } from "../foundation/errors.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { MiddleLink } from "./middle-link.ts";

function setUp(more: Partial<Backend> = {}) {
  const time = createFakeTime();
  const far = createMapBackend({ async: true, clock: time.clock, storage: "bytes" });
  const store: Backend = { ...far, close: () => far.close(), ...more };
  const told: string[] = [];
  const link = new MiddleLink({
    ...{ name: "middle", store, clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
    breaker: { failureCount: 3, minOpenMs: 100, maxOpenMs: 200 },
    onBreaker: (state) => told.push(state),
    onRefusal: (operation, error) => told.push(`${operation}: ${(error as Error).message}`),
  });
  /** Opens it, and lets the store connect. */
  const open = async (): Promise<void> => {
    link.open();
    await time.advanceAsync(0);
  };
  const ask = (signal?: AbortSignal) => link.ask("get", 20, signal, (asked, context) => asked.get("k", context));
  return { time, far, link, told, open, ask };
}

const unavailable = () => new BackendUnavailableError("middle", "get", "away");

describe("a link to a store that may be away", () => {
  it("asks nothing before it is connected, and connects in the background, again and again", async () => {
    let attempts = 0;
    const { time, link, ask } = setUp({
      connect: () => {
        attempts += 1;
        return attempts < 3 ? Promise.reject(unavailable()) : Promise.resolve();
      },
    });
    expect(await ask()).toBeUndefined();
    link.open();
    link.open();
    await time.advanceAsync(0);
    expect([attempts, link.trouble]).toEqual([1, "it is not connected"]);
    await time.advanceAsync(5_000);
    expect([attempts, link.trouble]).toEqual([3, undefined]);
    await link.close();
    expect(time.pendingCount()).toBe(0);
  });

  it("gives up on a call after its time, tells the store so, and rejects never", async () => {
    let signal: AbortSignal | undefined;
    const { time, link, open } = setUp();
    await open();
    const asked = link.ask("get", 20, undefined, (_, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    });
    await time.advanceAsync(19);
    expect(signal?.aborted).toBe(false);
    await time.advanceAsync(1);
    expect(await asked).toBeUndefined();
    expect([signal?.aborted, link.failureCount]).toEqual([true, 1]);
  });

  it("asks nothing for a while after some failures, and tells of it", async () => {
    const { time, far, link, told, open, ask } = setUp();
    await open();
    const held = far.hold("get", { at: "request", calls: 3 });
    for (let round = 0; round < 3; round += 1) {
      const asked = ask();
      await time.advanceAsync(20);
      await asked;
    }
    expect([told, link.trouble]).toEqual([["open"], "it did not answer in time"]);
    // It would answer, and is not asked.
    let askedCount = 0;
    await link.ask("get", 20, undefined, () => {
      askedCount += 1;
    });
    expect(askedCount).toBe(0);
    held.release();
    await time.advanceAsync(300);
    await ask();
    expect([told, link.trouble]).toEqual([["open", "half-open", "closed"], undefined]);
  });

  it("takes an answer that is an error for an answer, and tells of each kind once", async () => {
    const { link, told, open } = setUp();
    await open();
    for (let round = 0; round < 5; round += 1) {
      const answer = await link.ask("setMulti", 20, undefined, () => {
        throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "key", "no such key");
      });
      expect(answer).toBeUndefined();
    }
    expect(told).toEqual(["setMulti: no such key"]);
  });

  it("holds nothing against a store whose caller left", async () => {
    const { far, link, told, open, ask } = setUp();
    await open();
    far.hold("get", { at: "request" });
    for (let round = 0; round < 5; round += 1) {
      const controller = new AbortController();
      const asked = ask(controller.signal);
      controller.abort(new Error("left"));
      expect(await asked).toBeUndefined();
    }
    expect([told, link.failureCount]).toEqual([[], 0]);
  });

  it("does not connect again once it is closed", async () => {
    let attempts = 0;
    const { time, link } = setUp({
      connect: () => {
        attempts += 1;
        return Promise.reject(unavailable());
      },
    });
    link.open();
    await link.close();
    await time.advanceAsync(60_000);
    expect([attempts, time.pendingCount()]).toEqual([1, 0]);
  });
});
