import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import type { RedisFailure } from "./redis-failure.ts";
import { RedisRequest } from "./redis-request.ts";
import { WaitingRequests } from "./waiting-requests.ts";

function setUp() {
  const time = createFakeTime();
  const { clock, scheduler } = time;
  const waiting = new WaitingRequests({
    clock,
    deadlines: new DeadlineQueue({ clock, scheduler }),
    maxWaitMs: 100,
    whyTooLong: () => ({ kind: "overloaded", message: "no room" }),
  });
  const failed: string[] = [];
  const onFailure = ({ args }: RedisRequest, { kind }: RedisFailure): void => void failed.push(`${args[0]} ${kind}`);
  const request = (name: string): RedisRequest =>
    new RedisRequest([name], { operation: "x", kind: "read" }, 0, { onFailure });
  return { time, waiting, failed, request };
}

describe("requests that wait", () => {
  it("are taken in the order in which they came", () => {
    const { waiting, request } = setUp();
    for (const name of ["a", "b", "c"]) waiting.add(request(name));
    const first = waiting.take();
    waiting.add(request("d"));
    const rest = [waiting.take(), waiting.take(), waiting.take()];
    expect([first, ...rest].map(({ args }) => args[0])).toEqual(["a", "b", "c", "d"]);
    expect(waiting.count).toBe(0);
  });

  it("fail when each has waited too long, not earlier; settled ones are passed over", () => {
    const { time, waiting, failed, request } = setUp();
    const left = request("left");
    waiting.add(request("early"));
    waiting.add(left);
    left.resolve(null);
    time.advance(60);
    waiting.add(request("late"));
    time.advance(50);
    expect(failed).toEqual(["early overloaded"]);
    time.advance(60);
    expect(failed).toEqual(["early overloaded", "late overloaded"]);
    expect(waiting.count).toBe(0);
  });

  it("have their time also when others waited and were taken before", () => {
    const { time, waiting, failed, request } = setUp();
    waiting.add(request("taken"));
    waiting.take();
    time.advance(60);
    waiting.add(request("late"));
    time.advance(60);
    expect(failed).toEqual([]);
    time.advance(50);
    expect(failed).toEqual(["late overloaded"]);
  });

  it("all fail when there is nothing to wait for any more", () => {
    const { time, waiting, failed, request } = setUp();
    for (const name of ["a", "b"]) waiting.add(request(name));
    waiting.failAll(new Error("gone"));
    time.advance(500);
    expect(failed).toEqual(["a down", "b down"]);
  });
});
