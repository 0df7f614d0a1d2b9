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
import type { RedisRequest } from "./redis-request.ts";
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
 * An idempotent write of which an attempt was lost ends with `OutcomeUnknownError`, whatever comes of the others: that one may have happened.
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
    if (request.retryCount >= maxRetries || !this.#mayRepeat(request, failure)) {
      this.reject(request, failure);
      return;
    }
    const pauseMs = backoffMs(request.retryCount, retryBackoff, this.#host.random);
    if (this.remainingMs(request) <= pauseMs) {
      this.reject(request, failure);
      return;
    }
    request.retryCount += 1;
    request.mayHaveHappened ||= failure.kind === "lost" && request.options.kind !== "read";
    request.isSent = false;
    request.carrier = undefined;
    this.#paused.add(request);
    const onDeadline = (): void => {
      if (this.#paused.delete(request) && !request.isDone) resend(request);
    };
    this.#deadlines.add({ onDeadline }, pauseMs);
  }

  /** How long a call that is sent again still has. Starts its deadline the first time. */
  remainingMs(request: RedisRequest): number {
    const nowMs = this.#host.clock.monotonicMs();
    if (request.ticket === undefined) {
      request.dueAtMs = request.stampedAtMs + this.#settings.readTimeoutMs;
      const onDeadline = (): void => this.#expire(request);
      request.ticket = this.#deadlines.add({ onDeadline }, request.dueAtMs - nowMs);
    }
    return request.dueAtMs - nowMs;
  }

  /** Rejects a call with the error of its kind. */
  reject(request: RedisRequest, failure: RedisFailure): void {
    if (request.ticket !== undefined) this.#deadlines.remove(request.ticket);
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
    // What was sent once and is waiting to be sent again is a read, or may be done twice: its fate is still unknown.
    request.reject(this.#translate(request, { kind: "timeout" }));
  }

  #translate(request: RedisRequest, failure: RedisFailure): unknown {
    const { name, readTimeoutMs } = this.#settings;
    const { operation, kind } = request.options;
    const isRead = kind === "read";
    // No error may say that nothing happened when only the last attempt is known not to have.
    if (request.mayHaveHappened) return new OutcomeUnknownError(name, operation, { cause: causeOf(failure) });
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

function causeOf(failure: RedisFailure): unknown {
  return "error" in failure ? failure.error : undefined;
}
