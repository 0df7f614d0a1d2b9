import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineEntry, DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { NodeRedisClient, NodeRedisSignal } from "./node-redis-library.ts";
import { normalizeReply } from "./normalize-reply.ts";
import { RedisServerError } from "./redis-reply.ts";
import type { RedisCarrier, RedisRequest } from "./redis-request.ts";

/** What a connection is made of, once it is open. */
export interface RedisConnectionParts {
  readonly client: NodeRedisClient;
  /** Ends the socket, also one that is not connected yet. */
  readonly abort: AbortController;
  /** The class of the server's errors. */
  readonly serverErrorClass: new (
    ...parameters: never[]
  ) => Error;
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** What a connection tells its pool. */
export interface RedisConnectionOwner {
  /** It has room for one more. Called for every answer, and only while {@link RedisConnection.tellsRoom}. */
  onRoom(): void;
  /** It is gone. Its requests fail right after. */
  onLost(connection: RedisConnection, error: unknown): void;
  /** A reply is overdue. */
  onSuspect(connection: RedisConnection): void;
}

const ASKING: readonly string[] = ["ASKING"];

/**
 * One connection: a client of the library that never connects again, and a queue of what it has not answered.
 *
 * ```
 *  head ──▶ written ──▶ written ──▶ … ──▶ queued ──▶ queued          (linked by `next`, in the order of the wire)
 *           due: handed over + read deadline  ▲       due: queued + write deadline
 *                                             └ #unsent
 * ```
 *
 * The library writes its queue at the end of the turn, as far as the socket takes it, and tells through the "signal" that we give it
 * (see {@link NodeRedisSignal}) when a command leaves its queue: it removes the listener it had added. Everything before that moment is
 * known not to be sent. Deadlines need one ticket for the connection, for both halves of the queue are in the order of their deadlines.
 */
export class RedisConnection implements DeadlineEntry, RedisCarrier {
  /** Whether somebody waits for room; then the owner is told of every answer. */
  tellsRoom = false;
  /** When it was last used, monotonic ms. */
  usedAtMs: number;

  readonly #parts: RedisConnectionParts;
  readonly #client: NodeRedisClient;
  readonly #owner: RedisConnectionOwner;
  #head: RedisRequest | undefined;
  #tail: RedisRequest | undefined;
  #unsent: RedisRequest | undefined;
  #count = 0;
  #replyCount = 0;
  #isBroken = false;
  #lossReason: unknown;
  #isWithdrawing = false;
  #ticket: DeadlineTicket | undefined;
  #addedListener: (() => void) | undefined;
  #turnAtMs: number | undefined;
  #overdue: { readonly sinceMs: number; readonly replyCount: number } | undefined;

  constructor(parts: RedisConnectionParts, owner: RedisConnectionOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.usedAtMs = parts.clock.monotonicMs();
    const signal: NodeRedisSignal = {
      aborted: false,
      addEventListener: (_type, listener) => {
        this.#addedListener = listener;
      },
      removeEventListener: (_type, listener) => this.#onTaken(listener),
    };
    this.#client = parts.client.withCommandOptions({ abortSignal: signal });
    parts.client.on("error", (error) => this.destroy(error));
  }

  /** How many commands it has not answered, also those whose callers wait no more. */
  get inFlightCount(): number {
    return this.#count;
  }

  /** Whether commands may be given to it. */
  get isOpen(): boolean {
    return !this.#isBroken && this.#client.isReady;
  }

  /** Whether it owes a reply whose deadline has passed. */
  get isSuspect(): boolean {
    return this.#overdue !== undefined;
  }

  /** Sends a command; one that asks, right behind an ASKING. */
  send(request: RedisRequest): void {
    const nowMs = this.#turnMs();
    this.usedAtMs = nowMs;
    request.isSent = false;
    request.isAnswered = false;
    request.next = undefined;
    request.stampedAtMs = nowMs;
    request.carrier = this;
    // Its reply says nothing that the command's own does not say.
    if (request.isAsking) this.#client.sendCommand(ASKING).catch(ignore);
    this.#addedListener = undefined;
    const reply = this.#client.sendCommand(request.args);
    request.withdraw = this.#addedListener;
    this.#append(request);
    reply.then(
      (value) => this.#onReply(request, value),
      (error: unknown) => this.#onError(request, error),
    );
    this.#ticket ??= this.#parts.deadlines.add(this, Math.min(this.#parts.readTimeoutMs, this.#parts.writeTimeoutMs));
  }

  /** A command of the connection's own, for looking after it. Bounded by whoever sends it. */
  ask(args: readonly string[]): Promise<unknown> {
    return this.#parts.client.sendCommand(args).then(normalizeReply);
  }

  /** Ends it. What is in flight rejects; what was not written is told so. */
  destroy(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    if (this.#ticket !== undefined) this.#parts.deadlines.remove(this.#ticket);
    this.#ticket = undefined;
    this.#lossReason = error;
    this.#owner.onLost(this, error);
    // Rejects every command of the library's queues, each with its own promise; `#onError` tells what that means.
    this.#parts.client.destroy();
    this.#parts.abort.abort();
  }

  withdraw(request: RedisRequest): void {
    if (request.withdraw === undefined || this.#isBroken) return;
    this.#isWithdrawing = true;
    request.withdraw();
    this.#isWithdrawing = false;
    request.withdraw = undefined;
  }

  onDeadline(): void {
    this.#ticket = undefined;
    if (this.#isBroken) return;
    const nowMs = this.#parts.clock.monotonicMs();
    const nextMs = Math.min(this.#expireSent(nowMs), this.#expireUnsent(nowMs), this.#judge(nowMs));
    if (this.#isBroken || nextMs === Number.POSITIVE_INFINITY) return;
    // A callback may have sent something and so armed it for a later moment.
    if (this.#ticket !== undefined) this.#parts.deadlines.remove(this.#ticket);
    this.#ticket = this.#parts.deadlines.add(this, nextMs - nowMs);
  }

  #append(request: RedisRequest): void {
    this.#count += 1;
    if (this.#tail === undefined || this.#head === undefined) this.#head = request;
    else this.#tail.next = request;
    this.#tail = request;
    this.#unsent ??= request;
  }

  /** The library removes the listener of a command: it is about to be written, unless we take it back or the connection is gone. */
  #onTaken(listener: () => void): void {
    if (this.#isBroken || this.#isWithdrawing) return;
    let request = this.#unsent;
    // Nothing unanswered is passed over, for the library keeps the order; if it did not, "may have been sent" is the safe side.
    while (request !== undefined && request.withdraw !== listener) {
      request.isSent = true;
      request = request.next;
    }
    if (request === undefined) return;
    request.isSent = true;
    request.withdraw = undefined;
    request.stampedAtMs = this.#turnMs();
    this.#unsent = request.next;
  }

  #onReply(request: RedisRequest, value: unknown): void {
    this.#leave(request);
    this.#replyCount += 1;
    if (this.#overdue !== undefined) this.#overdue = undefined;
    if (value instanceof Buffer || value === null) {
      request.resolve(value);
    } else {
      try {
        request.resolve(normalizeReply(value, this.#parts.serverErrorClass));
      } catch (error) {
        // No answer of a server that speaks the protocol: what follows may belong to anybody.
        this.destroy(error);
        request.fail({ kind: "lost", error });
      }
    }
    if (this.tellsRoom) this.#owner.onRoom();
  }

  #onError(request: RedisRequest, error: unknown): void {
    this.#leave(request);
    if (error instanceof this.#parts.serverErrorClass) {
      this.#replyCount += 1;
      if (this.#overdue !== undefined) this.#overdue = undefined;
      request.fail({ kind: "server", error: new RedisServerError(error.message) });
    } else if (this.#isBroken) {
      request.fail({ kind: request.isSent ? "lost" : "unsent", error: this.#lossReason });
    } else {
      // Its socket is gone and the library will say so in a moment, or the arguments are no texts and bytes.
      request.fail({ kind: error instanceof TypeError ? "invalid" : request.isSent ? "lost" : "unsent", error });
    }
    if (this.tellsRoom) this.#owner.onRoom();
  }

  #leave(request: RedisRequest): void {
    request.isAnswered = true;
    request.withdraw = undefined;
    this.#count -= 1;
    // Answers come in the order of the wire; what was withdrawn is passed over when its turn comes.
    let head = this.#head;
    while (head?.isAnswered) {
      if (head === this.#unsent) this.#unsent = head.next;
      head = head.next;
    }
    this.#head = head;
    if (head === undefined) this.#tail = undefined;
  }

  #expireSent(nowMs: number): number {
    const { readTimeoutMs } = this.#parts;
    let request = this.#head;
    while (request !== undefined && request !== this.#unsent) {
      const { next } = request;
      if (!request.isAnswered) {
        const dueAtMs = request.stampedAtMs + readTimeoutMs;
        if (dueAtMs > nowMs) return dueAtMs;
        this.#overdue ??= { sinceMs: nowMs, replyCount: this.#replyCount };
        request.fail({ kind: "timeout" });
      }
      request = next;
    }
    return Number.POSITIVE_INFINITY;
  }

  #expireUnsent(nowMs: number): number {
    let request = this.#unsent;
    while (request !== undefined) {
      const { next } = request;
      if (!request.isAnswered && request.withdraw !== undefined) {
        const dueAtMs = request.stampedAtMs + this.#parts.writeTimeoutMs;
        if (dueAtMs > nowMs) return dueAtMs;
        this.withdraw(request);
        request.fail({ kind: "stuck" });
      }
      request = next;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** A connection that owes a reply for another read deadline, and gave none meanwhile, is given up. Returns when to look again. */
  #judge(nowMs: number): number {
    const overdue = this.#overdue;
    if (overdue === undefined) return Number.POSITIVE_INFINITY;
    if (overdue.sinceMs === nowMs) this.#owner.onSuspect(this);
    const untilMs = overdue.sinceMs + this.#parts.readTimeoutMs;
    if (nowMs < untilMs) return untilMs;
    this.destroy(new Error(`no reply for ${Math.round(2 * this.#parts.readTimeoutMs)} ms`));
    return Number.POSITIVE_INFINITY;
  }

  /** Monotonic time, read once for what happens without a pause. */
  #turnMs(): number {
    if (this.#turnAtMs === undefined) {
      this.#turnAtMs = this.#parts.clock.monotonicMs();
      queueMicrotask(() => {
        this.#turnAtMs = undefined;
      });
    }
    return this.#turnAtMs;
  }
}

function ignore(): void {
  // The command's own promise tells.
}
