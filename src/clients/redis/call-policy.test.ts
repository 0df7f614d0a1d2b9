import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { RedisCallPolicy } from "./call-policy.ts";
import type { RedisCallKind } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import { RedisServerError } from "./redis-reply.ts";
import { RedisRequest } from "./redis-request.ts";

const cause = new Error("broken");
const transient: RedisFailure = { kind: "server", error: new RedisServerError("LOADING Redis is loading") };

function setUp(kind: RedisCallKind, maxRetries = 2) {
  const time = createFakeTime();
  const deadlines = new DeadlineQueue({ clock: time.clock, scheduler: time.scheduler });
  const host = { clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) };
  const settings = { name: "redis", maxRetries, retryBackoff: { minMs: 10, maxMs: 20 }, readTimeoutMs: 200 };
  const policy = new RedisCallPolicy(settings, host, deadlines);
  const request = new RedisRequest(["X"], { operation: "x", kind }, 0, { onFailure: () => undefined });
  request.stampedAtMs = Math.ceil(time.clock.monotonicMs());
  const sent: RedisRequest[] = [];
  const fail = (failure: RedisFailure): void =>
    policy.repeatOrReject(request, failure, (again) => void sent.push(again));
  const outcome = request.promise.then(
    () => "reply",
    (error: Error) => error.name,
  );
  return { time, policy, request, sent, fail, outcome };
}

describe("a call whose attempt failed", () => {
  it.each<[RedisCallKind, RedisFailure["kind"] | "transient", boolean]>([
    ["read", "unsent", true],
    ["write", "unsent", true],
    ["read", "lost", true],
    ["idempotent-write", "lost", true],
    ["write", "lost", false],
    ["read", "timeout", false],
    ["idempotent-write", "timeout", false],
    ["read", "down", false],
    ["write", "stuck", false],
    ["write", "transient", true],
  ])("of a %s: %s is sent again: %s", async (kind, name, isAgain) => {
    const { time, sent, fail, outcome } = setUp(kind);
    fail(name === "transient" ? transient : ({ kind: name, error: cause, message: "" } as RedisFailure));
    await time.advanceAsync(30);
    expect(sent).toHaveLength(isAgain ? 1 : 0);
    if (!isAgain) expect(await outcome).toMatch(/Error$/);
  });

  it.each<[RedisCallKind, RedisFailure, string]>([
    ["write", { kind: "lost", error: cause }, "OutcomeUnknownError"],
    ["write", { kind: "timeout" }, "OutcomeUnknownError"],
    ["idempotent-write", { kind: "timeout" }, "OutcomeUnknownError"],
    ["read", { kind: "timeout" }, "BackendTimeoutError"],
    ["read", { kind: "lost", error: cause }, "BackendUnavailableError"],
    ["write", { kind: "stuck" }, "BackendUnavailableError"],
    ["write", { kind: "overloaded", message: "full" }, "BackendOverloadedError"],
    ["write", transient, "BackendUnavailableError"],
    ["write", { kind: "server", error: new RedisServerError("WRONGTYPE no") }, "RedisServerError"],
    ["write", { kind: "invalid", error: new TypeError("no text") }, "TypeError"],
  ])("of a %s is rejected as its failure says, when it is not sent again", async (kind, failure, name) => {
    const { fail, outcome } = setUp(kind, 0);
    fail(failure);
    expect(await outcome).toBe(name);
  });

  it("is sent again at most as often as the settings say, and ends one read deadline after its first attempt", async () => {
    const often = setUp("read", 3);
    for (let round = 0; round < 4; round += 1) {
      often.fail(transient);
      await often.time.advanceAsync(30);
    }
    expect(often.sent).toHaveLength(3);
    expect(await often.outcome).toBe("BackendUnavailableError");
    const late = setUp("read", 100);
    late.fail({ kind: "lost", error: cause });
    await late.time.advanceAsync(30);
    late.request.isSent = true;
    await late.time.advanceAsync(200);
    expect(await late.outcome).toBe("BackendTimeoutError");
  });

  it("stays unknown once an attempt may have been executed, whatever becomes of the next", async () => {
    const { time, fail, outcome } = setUp("idempotent-write");
    fail({ kind: "lost", error: cause });
    await time.advanceAsync(30);
    fail({ kind: "down", error: cause });
    expect(await outcome).toBe("OutcomeUnknownError");
  });

  it("is known not to have happened when no attempt was sent before its deadline", async () => {
    const { time, fail, outcome } = setUp("write", 100);
    fail({ kind: "unsent", error: cause });
    await time.advanceAsync(300);
    expect(await outcome).toBe("BackendUnavailableError");
  });

  it("fails when the client is closed in its pause", async () => {
    const { policy, fail, outcome } = setUp("read");
    fail(transient);
    policy.close(new Error("closed"));
    expect(await outcome).toBe("BackendUnavailableError");
  });
});
