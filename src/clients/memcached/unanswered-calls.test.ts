import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { PendingCall } from "./pending-call.ts";
import { UnansweredCalls } from "./unanswered-calls.ts";

const NOBODY = { resolve: () => undefined, reject: () => undefined };

function setUp() {
  const time = createFakeTime();
  const { clock, scheduler } = time;
  let lateCount = 0;
  let isHung = false;
  const calls = new UnansweredCalls({
    clock,
    scheduler,
    deadlines: new DeadlineQueue({ clock, scheduler }),
    timeoutMs: 100,
    onLate: (call) => {
      lateCount += 1;
      call.reject(new Error("late"));
    },
    onHung: () => {
      isHung = true;
    },
  });
  const send = (count: number): PendingCall[] => {
    const sent = Array.from(
      { length: count },
      () => new PendingCall({ kind: "noop" }, { operation: "ping", kind: "read" }, NOBODY),
    );
    for (const call of sent) calls.push(call);
    calls.markSent();
    return sent;
  };
  return { time, calls, send, lateCount: () => lateCount, isHung: () => isHung };
}

describe("unanswered calls", () => {
  it("that are answered in time are neither late nor left over", async () => {
    const { time, calls, send, lateCount } = setUp();
    time.advance(10);
    for (const call of send(3)) calls.shift(call);
    expect(calls.aliveAt).toBe(time.clock.monotonicMs());
    await time.advanceAsync(500);
    expect(lateCount()).toBe(0);
    expect([calls.requestCount, calls.byteCount, calls.first]).toEqual([0, 0, undefined]);
  });

  it("that are few and late are told once; only after the time a second time is the connection given up", async () => {
    const { time, calls, send, lateCount, isHung } = setUp();
    const [first] = send(2) as [PendingCall, PendingCall];
    await time.advanceAsync(110);
    expect([lateCount(), calls.isLate, isHung()]).toEqual([2, true, false]);
    calls.shift(first);
    await time.advanceAsync(110);
    expect([lateCount(), isHung()]).toEqual([2, true]);
  });

  it("that are many are given up at once when nothing came since they left", async () => {
    const { time, send, isHung } = setUp();
    send(3);
    await time.advanceAsync(110);
    expect(isHung()).toBe(true);
  });

  it("that are many are waited for once more when something came since they left", async () => {
    const { time, calls, send, isHung } = setUp();
    send(3);
    calls.noteChunk();
    await time.advanceAsync(110);
    expect(isHung()).toBe(false);
  });

  it("are late no more once their replies came", async () => {
    const { time, calls, send } = setUp();
    const sent = send(2);
    await time.advanceAsync(110);
    for (const call of sent) calls.shift(call);
    expect(calls.isLate).toBe(false);
  });

  it("are taken out with what is known of each: when its answer was due, or that it never left", async () => {
    const { time, calls, send, lateCount } = setUp();
    const startedAt = time.clock.monotonicMs();
    send(1);
    time.advance(20);
    send(1);
    calls.push(new PendingCall({ kind: "noop" }, { operation: "ping", kind: "read" }, NOBODY));
    const taken = calls.takeAll();
    expect(taken.map(({ wasSent }) => wasSent)).toEqual([true, true, false]);
    expect(taken.slice(0, 2).map(({ dueAt }) => dueAt - startedAt)).toEqual([100, 120]);
    await time.advanceAsync(500);
    expect([lateCount(), calls.requestCount]).toEqual([0, 0]);
  });
});
