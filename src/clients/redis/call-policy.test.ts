import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { OutcomeUnknownError } from "../../foundation/errors.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../testing/fake-clock.ts";
import { RedisCallPolicy } from "./call-policy.ts";
import type { RedisCallKind } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import { RedisServerError } from "./redis-reply.ts";
import { RedisRequest } from "./redis-request.ts";

const LOST: RedisFailure = { kind: "lost", error: new Error("reset") };

/** A call whose attempts fail one after the other, each as the list says. */
async function outcomeOf(kind: RedisCallKind, failures: readonly RedisFailure[]): Promise<unknown> {
  const time: FakeTime = createFakeTime();
  const host = { ...time, random: createSeededRandom(1) };
  const settings = { name: "redis", maxRetries: 5, retryBackoff: { minMs: 1, maxMs: 5 }, readTimeoutMs: 1_000 };
  const policy = new RedisCallPolicy(settings, host, new DeadlineQueue(host));
  const left = [...failures];
  const request = new RedisRequest(["SET"], { operation: "set", kind }, 0, {
    onFailure: (failed, failure) => policy.repeatOrReject(failed, failure, attempt),
  });
  function attempt(this: void): void {
    request.stampedAtMs = time.clock.monotonicMs();
    request.fail(left.shift() as RedisFailure);
  }
  const outcome = request.promise.catch((error: unknown) => error);
  attempt();
  await time.advanceAsync(500);
  return outcome;
}

describe("a call that is sent again", () => {
  it.each<[string, RedisFailure]>([
    ["nobody to send it to", { kind: "down", error: new Error("ECONNREFUSED") }],
    ["a socket that takes nothing", { kind: "stuck" }],
    ["no room", { kind: "overloaded", message: "too much waits" }],
    ["a server's error", { kind: "server", error: new RedisServerError("OOM command not allowed") }],
  ])("has an unknown outcome when an attempt of a write was lost, though the last met %s", async (_, last) => {
    const outcome = await outcomeOf("idempotent-write", [LOST, last]);
    expect(outcome).toBeInstanceOf(OutcomeUnknownError);
  });

  it("is unavailable when no attempt of it left", async () => {
    const down: RedisFailure = { kind: "down", error: new Error("ECONNREFUSED") };
    const outcome = await outcomeOf("idempotent-write", [{ kind: "unsent", error: new Error("reset") }, down]);
    expect(outcome).toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
  });

  it("is unavailable when it is a read, whose attempts change nothing", async () => {
    const outcome = await outcomeOf("read", [LOST, { kind: "down", error: new Error("ECONNREFUSED") }]);
    expect(outcome).toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
  });
});
