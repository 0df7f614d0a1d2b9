import { backoffMs } from "../../foundation/backoff.ts";
import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import {
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
} from "../../foundation/errors.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisRepetition, RedisRequest } from "./redis-request.ts";
import type { RedisSettings } from "./redis-settings.ts";

/**
 * Errors by which a server says that it did not execute a command, and that it or another one may in a moment: still loading, no primary,
 * a slot on its way, a script that runs, too few replicas, demoted, no account yet.
 */
const TRANSIENT_PREFIXES: ReadonlySet<string> = new Set([
  "LOADING",
  "MASTERDOWN",
  "TRYAGAIN",
  "CLUSTERDOWN",
  "READONLY",
  "BUSY",
  "NOREPLICAS",
  "NOAUTH",
]);

/** Whether an error of a server says that the command was not executed, and may be at another moment. */
export function isTransient(failure: RedisFailure): boolean {
  return failure.kind === "server" && TRANSIENT_PREFIXES.has(failure.error.prefix);
}

/** What the policy takes of the settings. */
export type RedisCallPolicySettings = Pick<RedisSettings, "name" | "maxRetries" | "retryBackoff" | "readTimeoutMs">;

/**
 * What becomes of a call whose attempt failed: sent again after a pause, or rejected with the error of its kind.
 *
 * | failure | read, idempotent write | write |
 * |---|---|---|
 * | not sent (connection broke before), not executed (server said so) | again | again |
 * | lost with its connection | again | `OutcomeUnknownError` |
 * | no reply in time | `BackendTimeoutError`, or `OutcomeUnknownError` | `OutcomeUnknownError` |
 * | nobody to send it to | `BackendUnavailableError` | `BackendUnavailableError` |
 *
 * "Again" is at most `maxRetries` times, and all of it ends one read deadline after the first attempt.
 */
export class RedisCallPolicy {
  readonly #settings: RedisCallPolicySettings;
  readonly #host: RedisHost;
  readonly #deadlines: DeadlineQueue;
  /** Calls in a pause. */
  readonly #paused = new Set<RedisRequest>();

  constructor(settings: RedisCallPolicySettings, host: RedisHost, deadlines: DeadlineQueue) {
    this.#settings = settings;
    this.#host = host;
    this.#deadlines = deadlines;
  }

  /** Sends a call again after a pause where that is allowed, else rejects it. */
  repeatOrReject(request: RedisRequest, failure: RedisFailure, resend: (request: RedisRequest) => void): void {
    const { maxRetries, retryBackoff } = this.#settings;
    const retryCount = request.repetition?.retryCount ?? 0;
    if (retryCount >= maxRetries || !this.#mayRepeat(request, failure)) {
      this.reject(request, failure);
      return;
    }
    const repetition = this.repetitionOf(request);
    const pauseMs = backoffMs(retryCount, retryBackoff, this.#host.random);
    if (repetition.dueAtMs - this.#host.clock.monotonicMs() <= pauseMs) {
      this.reject(request, failure);
      return;
    }
    repetition.retryCount += 1;
    if (failure.kind === "lost") repetition.mayBeDone = true;
    request.isSent = false;
    request.carrier = undefined;
    this.#paused.add(request);
    const onDeadline = (): void => {
      if (this.#paused.delete(request) && !request.isDone) resend(request);
    };
    this.#deadlines.add({ onDeadline }, pauseMs);
  }

  /** What a call remembers from now on. Its deadline for all of it begins the first time: at its first attempt. */
  repetitionOf(request: RedisRequest): RedisRepetition {
    if (request.repetition !== undefined) return request.repetition;
    const dueAtMs = request.stampedAtMs + this.#settings.readTimeoutMs;
    const onDeadline = (): void => this.#expire(request);
    const ticket = this.#deadlines.add({ onDeadline }, dueAtMs - this.#host.clock.monotonicMs());
    request.repetition = { retryCount: 0, redirectCount: 0, isAsking: false, mayBeDone: false, dueAtMs, ticket };
    return request.repetition;
  }

  /** Rejects a call with the error of its kind. */
  reject(request: RedisRequest, failure: RedisFailure): void {
    if (request.repetition !== undefined) this.#deadlines.remove(request.repetition.ticket);
    request.reject(this.#translate(request, failure));
  }

  /** Fails the calls that are in a pause. */
  close(error: unknown): void {
    for (const request of this.#paused) this.reject(request, { kind: "down", error });
    this.#paused.clear();
  }

  #mayRepeat(request: RedisRequest, failure: RedisFailure): boolean {
    if (failure.kind === "unsent") return true;
    if (failure.kind === "lost") return request.options.kind !== "write";
    return isTransient(failure);
  }

  #expire(request: RedisRequest): void {
    if (request.isDone) return;
    this.#paused.delete(request);
    if (!request.isSent) request.carrier?.withdraw(request);
    const failure: RedisFailure = request.isSent
      ? { kind: "timeout" }
      : { kind: "down", error: new Error("it could not be sent before its deadline") };
    request.reject(this.#translate(request, failure));
  }

  #translate(request: RedisRequest, failure: RedisFailure): unknown {
    const { name, readTimeoutMs } = this.#settings;
    const { operation, kind } = request.options;
    const isRead = kind === "read";
    // What may be done twice was perhaps done by an attempt before this one, whatever became of this one.
    if (!isRead && request.repetition?.mayBeDone && failure.kind !== "server") {
      return new OutcomeUnknownError(name, operation);
    }
    switch (failure.kind) {
      case "server":
        return isTransient(failure) ? this.#unavailable(operation, failure.error) : failure.error;
      case "down":
      case "unsent":
        return this.#unavailable(operation, failure.error);
      case "stuck":
        return this.#unavailable(operation, new Error("the connection took nothing within the write deadline"));
      case "lost":
        if (isRead) return this.#unavailable(operation, failure.error);
        return new OutcomeUnknownError(name, operation, { cause: failure.error });
      case "timeout":
        return isRead
          ? new BackendTimeoutError(name, operation, readTimeoutMs)
          : new OutcomeUnknownError(name, operation);
      case "overloaded":
        return new BackendOverloadedError(name, operation, `${name}: "${operation}" was not sent: ${failure.message}.`);
      case "invalid":
        return failure.error;
    }
  }

  #unavailable(operation: string, cause: unknown): BackendUnavailableError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BackendUnavailableError(
      this.#settings.name,
      operation,
      `${this.#settings.name}: "${operation}" failed: ${reason}.`,
      {
        cause,
      },
    );
  }
}
