import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineEntry, DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisRequest } from "./redis-request.ts";

/** What the waiting of requests is made of. */
export interface WaitingRequestsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly deadlines: DeadlineQueue;
  /** How long a request may wait. */
  readonly maxWaitMs: number;
  /** Why a request that waited so long has no result. */
  readonly whyTooLong: () => RedisFailure;
}

/**
 * Requests that wait for a connection with room, first come first served. Settled ones stay until their turn and are counted as long; who
 * takes one looks. One deadline ticket for all, because all may wait equally long.
 */
export class WaitingRequests implements DeadlineEntry {
  readonly #parts: WaitingRequestsParts;
  #requests: RedisRequest[] = [];
  /** The first that counts. */
  #start = 0;
  #ticket: DeadlineTicket | undefined;

  constructor(parts: WaitingRequestsParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#requests.length - this.#start;
  }

  /** Adds a request, which is in no queue and with no connection. O(1). */
  add(request: RedisRequest): void {
    request.stampedAtMs = Math.ceil(this.#parts.clock.monotonicMs());
    request.carrier = undefined;
    this.#requests.push(request);
    if (this.#ticket === undefined) this.#arm(this.#parts.maxWaitMs);
  }

  /** Takes the one that waits longest; there must be one. O(1). */
  take(): RedisRequest {
    const request = this.#requests[this.#start] as RedisRequest;
    this.#start += 1;
    if (this.#start === this.#requests.length) this.#clear();
    return request;
  }

  /** Fails all, because there is no connection to wait for. */
  failAll(error: unknown): void {
    const waiting = this.#requests.slice(this.#start);
    this.#clear();
    for (const request of waiting) request.fail({ kind: "down", error });
  }

  onDeadline(): void {
    this.#ticket = undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    for (; this.#start < this.#requests.length; this.#start += 1) {
      const request = this.#requests[this.#start] as RedisRequest;
      if (request.isDone) continue;
      const dueAtMs = request.stampedAtMs + this.#parts.maxWaitMs;
      if (dueAtMs > nowMs) {
        this.#arm(dueAtMs - nowMs);
        return;
      }
      request.fail(this.#parts.whyTooLong());
    }
    this.#clear();
  }

  #clear(): void {
    this.#requests = [];
    this.#start = 0;
  }

  #arm(delayMs: number): void {
    this.#ticket = this.#parts.deadlines.add(this, delayMs);
  }
}
