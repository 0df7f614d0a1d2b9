// Imported, for the global is a getter that is asked at each use.
import { Buffer } from "node:buffer";
import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineEntry, DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { joinShortWords } from "./join-short-words.ts";
import type { NodeRedisClient, NodeRedisErrorClass, NodeRedisSignal } from "./node-redis-library.ts";
import { normalizeReply } from "./normalize-reply.ts";
import { type RedisReply, RedisServerError } from "./redis-reply.ts";
import type { RedisCarrier, RedisRequest } from "./redis-request.ts";

/** What a connection is made of, once it is open. */
export interface RedisConnectionParts {
  readonly client: NodeRedisClient;
  /** Ends the socket, also one that is not connected yet. */
  readonly abort: AbortController;
  /** The class of the server's errors. */
  readonly serverErrorClass: NodeRedisErrorClass;
  /** The class of the library's error for a command that was taken back. */
  readonly abortErrorClass: NodeRedisErrorClass;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
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

/** Most calls that are told in one turn of the event loop that their deadline passed. */
const EXPIRIES_A_TURN = 512;

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
 *
 * The library settles commands in the order of the wire, and so does the queue: two functions for the connection take the head's result,
 * instead of two closures for each command. Out of order are only those that it never sends, because they were taken back or are no words;
 * they are marked, and the head passes over them.
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
  #isDraining = false;
  #isTelling = false;
  #lossReason: unknown;
  #isWithdrawing = false;
  #ticket: DeadlineTicket | undefined;
  #addedListener: (() => void) | undefined;
  /** The time of this turn of the event loop; `undefined` when it must be read. */
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
    return !this.#isBroken;
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
    request.isTakenBack = false;
    request.next = undefined;
    request.stampedAtMs = nowMs;
    request.carrier = this;
    // Its reply says nothing that the command's own does not say.
    if (request.repetition?.isAsking) this.#parts.client.sendCommand(ASKING).catch(ignore);
    this.#addedListener = undefined;
    // What comes of it comes in a later microtask, when it is in the queue.
    this.#client.sendCommand(joinShortWords(request.args)).then(this.#onReply, this.#onError);
    request.withdraw = this.#addedListener;
    this.#count += 1;
    if (this.#tail === undefined) this.#head = request;
    else this.#tail.next = request;
    this.#tail = request;
    this.#unsent ??= request;
    this.#ticket ??= this.#parts.deadlines.add(this, Math.min(this.#parts.readTimeoutMs, this.#parts.writeTimeoutMs));
  }

  /** Ends it as soon as nothing is in flight. Nothing may be sent to it any more. */
  drain(): void {
    this.#isDraining = true;
    if (this.#count === 0) this.destroy(new Error("no longer used"));
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
    const { withdraw } = request;
    if (withdraw === undefined || this.#isBroken) return;
    request.withdraw = undefined;
    request.isTakenBack = true;
    this.#isWithdrawing = true;
    withdraw();
    this.#isWithdrawing = false;
  }

  onDeadline(): void {
    this.#ticket = undefined;
    // After the sockets had their turn: a process that stood still must not take what waits in the socket for late, nor what it had no
    // turn to write for stuck.
    this.#parts.scheduler.soon(this.#expire);
  }

  readonly #expire = (): void => {
    if (this.#isBroken) return;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#isTelling = false;
    const nextSentMs = this.#expireSent(nowMs);
    // Given up only when everybody was told: those that are still to be told had their deadline, and no loss.
    if (this.#isTelling) return;
    const nextMs = Math.min(nextSentMs, this.#expireUnsent(nowMs), this.#judge(nowMs));
    if (this.#isBroken || nextMs === Number.POSITIVE_INFINITY) return;
    // Something that was sent meanwhile may have armed it for a later moment.
    if (this.#ticket !== undefined) this.#parts.deadlines.remove(this.#ticket);
    this.#ticket = this.#parts.deadlines.add(this, nextMs - nowMs);
  };

  readonly #onReply = (value: unknown): void => {
    const request = this.#takeHead();
    this.#replyCount += 1;
    this.#overdue = undefined;
    if (value instanceof Buffer || value === null) request?.resolve(value);
    else if (request !== undefined) this.#settle(request, value);
    this.#onRoom();
  };

  readonly #onError = (error: unknown): void => {
    if (error instanceof this.#parts.serverErrorClass) {
      const request = this.#takeHead();
      this.#replyCount += 1;
      this.#overdue = undefined;
      request?.fail({ kind: "server", error: new RedisServerError(error.message) });
    } else if (error instanceof this.#parts.abortErrorClass) {
      this.#passOver();
    } else if (error instanceof TypeError && this.#failInvalid(error)) {
      this.#passOver();
    } else {
      // Not taken back by us, so the library has no connection any more, even if nobody told: it may have gone before we listened.
      const request = this.#takeHead();
      this.destroy(error);
      request?.fail({ kind: request.isSent ? "lost" : "unsent", error: this.#lossReason });
    }
    this.#onRoom();
  };

  #onRoom(): void {
    if (this.tellsRoom) this.#owner.onRoom();
    if (this.#isDraining && this.#count === 0) this.destroy(new Error("no longer used"));
  }

  /** The first one that is answered now; those behind it that are never sent leave with it. */
  #takeHead(): RedisRequest | undefined {
    const request = this.#head;
    if (request === undefined) return undefined;
    this.#leave(request);
    this.#passOver();
    return request;
  }

  #passOver(): void {
    while (this.#head?.isTakenBack) this.#leave(this.#head);
  }

  #leave(request: RedisRequest): void {
    this.#count -= 1;
    if (request === this.#unsent) this.#unsent = request.next;
    this.#head = request.next;
    // One that is old by now would keep all that came after it from being collected while it is young.
    request.next = undefined;
    if (this.#head === undefined) this.#tail = undefined;
  }

  /** The library refuses to write what is no texts and bytes, and does not say whose. Tells whether there is one. */
  #failInvalid(error: TypeError): boolean {
    let request = this.#head;
    while (request !== undefined && (request.isTakenBack || request.args.every(isWord))) request = request.next;
    if (request === undefined) return false;
    request.isTakenBack = true;
    request.fail({ kind: "invalid", error });
    return true;
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

  #settle(request: RedisRequest, value: unknown): void {
    let reply: RedisReply;
    try {
      reply = normalizeReply(value, this.#parts.serverErrorClass);
    } catch (error) {
      // No answer of a server that speaks the protocol: what follows may belong to anybody.
      this.destroy(error);
      request.fail({ kind: "lost", error });
      return;
    }
    request.resolve(reply);
  }

  #expireSent(nowMs: number): number {
    const { readTimeoutMs } = this.#parts;
    let request = this.#head;
    let leftCount = EXPIRIES_A_TURN;
    while (request !== undefined && request !== this.#unsent) {
      const { next } = request;
      const dueAtMs = request.stampedAtMs + readTimeoutMs;
      if (dueAtMs > nowMs) return dueAtMs;
      this.#overdue ??= { sinceMs: nowMs, replyCount: this.#replyCount };
      if (!request.isDone) {
        // Thousands of errors made in one turn would hold up everything else.
        if (leftCount === 0) {
          this.#isTelling = true;
          this.#parts.scheduler.soon(this.#expire);
          return Number.POSITIVE_INFINITY;
        }
        leftCount -= 1;
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
      const dueAtMs = request.stampedAtMs + this.#parts.writeTimeoutMs;
      if (dueAtMs > nowMs) return dueAtMs;
      this.withdraw(request);
      request.fail({ kind: "stuck" });
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

  /** Monotonic time, read once in a turn of the event loop. Deadlines may so begin a little early, by what this turn still does. */
  #turnMs(): number {
    if (this.#turnAtMs === undefined) {
      this.#turnAtMs = Math.ceil(this.#parts.clock.monotonicMs());
      this.#parts.scheduler.soon(this.#endTurn);
    }
    return this.#turnAtMs;
  }

  readonly #endTurn = (): void => {
    this.#turnAtMs = undefined;
  };
}

function isWord(argument: unknown): boolean {
  return typeof argument === "string" || argument instanceof Buffer;
}

function ignore(): void {
  // The command's own promise tells.
}
