import { onAbort } from "../../foundation/abort-listener.ts";
import type { DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { RedisArgument, RedisCallOptions } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisReply } from "./redis-reply.ts";
import { evalCommand } from "./redis-script.ts";

/** Whoever holds a command that is not written yet. */
export interface RedisCarrier {
  /** Takes it back, so that it is never sent. */
  withdraw(request: RedisRequest): void;
}

/** A server that takes requests. */
export interface RedisRequestNode {
  readonly address: string;
  readonly pool: { send(request: RedisRequest): void };
}

/** Who decides what becomes of a call whose attempt failed: sends it again, or rejects it. */
export interface RedisFailureHandler {
  /** Called at most once for each attempt; the request is in no queue any more. */
  onFailure(request: RedisRequest, failure: RedisFailure): void;
}

/** What a call remembers once its first attempt failed. */
export interface RedisRepetition {
  /** How often it was sent again because a connection failed or a server was not ready. */
  retryCount: number;
  /** How often it followed a key that moved. */
  redirectCount: number;
  /** Whether it goes right behind an ASKING in the running attempt. */
  isAsking: boolean;
  /** Whether an earlier attempt may have been executed. */
  mayBeDone: boolean;
  /** When it must have its answer, monotonic ms. */
  readonly dueAtMs: number;
  readonly ticket: DeadlineTicket;
}

/**
 * A call on its way, through all its attempts. One object for a call: it is also the element of a connection's queue, so that a call
 * costs no more than it and its promise. What only few calls need stands in objects of its own, and times are whole milliseconds, for
 * fractions would be one more object each: with hundreds of calls in flight, collecting garbage is a large part of their cost.
 *
 * Where it is: waiting in a pool (no `withdraw`), handed to the library but not written (`withdraw` set, `isSent` false), written
 * (`isSent`), settled (`isDone`). It may be settled while its reply is still to come; the reply is then dropped.
 */
export class RedisRequest {
  /** Its words; a script's change from EVALSHA to EVAL where a server does not know it. */
  args: readonly RedisArgument[];
  readonly options: RedisCallOptions;
  /** Slot of its keys; -1 when it is for one server whatever its keys. */
  readonly slot: number;
  /** What the caller waits for. */
  readonly promise: Promise<RedisReply>;
  /** Text of the script that `args` runs by its SHA. */
  scriptSource: string | undefined;

  /** Whether the caller has an answer. */
  isDone: boolean;
  /** Whether its bytes were handed to the socket in the running attempt. */
  isSent: boolean;
  /** When it was handed to the socket, or before that when it was queued; monotonic ms, rounded up. */
  stampedAtMs: number;
  /** Whether its connection never sends it, so that no reply comes for it. */
  isTakenBack: boolean;
  /** Takes the command back from the library while it is not written; for its connection only. */
  withdraw: (() => void) | undefined;
  /** Its connection in the running attempt. */
  carrier: RedisCarrier | undefined;
  /** Server of the running attempt, where there are several. */
  node: RedisRequestNode | undefined;
  /** The next one of the same connection. */
  next: RedisRequest | undefined;
  /** What is remembered once an attempt failed. */
  repetition: RedisRepetition | undefined;

  /** @internal */ readonly settleReply: (reply: RedisReply) => void;
  /** @internal */ readonly settleError: (error: unknown) => void;
  /** @internal */ readonly handler: RedisFailureHandler;
  /** @internal */ stopListening: (() => void) | undefined;

  constructor(args: readonly RedisArgument[], options: RedisCallOptions, slot: number, handler: RedisFailureHandler) {
    this.args = args;
    this.options = options;
    this.slot = slot;
    this.promise = new Promise(captureFunctions);
    this.scriptSource = undefined;
    this.isDone = false;
    this.isSent = false;
    this.stampedAtMs = 0;
    this.isTakenBack = false;
    this.withdraw = undefined;
    this.carrier = undefined;
    this.node = undefined;
    this.next = undefined;
    this.repetition = undefined;
    this.settleReply = capturedResolve;
    this.settleError = capturedReject;
    this.handler = handler;
    this.stopListening = undefined;
    if (options.signal !== undefined) this.#listen(options.signal);
  }

  /** Gives the caller the reply, unless it has an answer already. */
  resolve(reply: RedisReply): void {
    if (this.isDone) return;
    this.isDone = true;
    if (this.stopListening !== undefined) this.stopListening();
    this.settleReply(reply);
  }

  /** Gives the caller an error, unless it has an answer already. */
  reject(error: unknown): void {
    if (this.isDone) return;
    this.isDone = true;
    if (this.stopListening !== undefined) this.stopListening();
    this.settleError(error);
  }

  /** The running attempt failed: asks the handler, unless nobody waits. */
  fail(failure: RedisFailure): void {
    if (!this.isDone) this.handler.onFailure(this, failure);
  }

  /** Where the server does not know the script, and so did not run it: makes the call one by the script's text. Tells whether it did. */
  fallBackToSource(failure: RedisFailure): boolean {
    if (this.scriptSource === undefined || failure.kind !== "server" || failure.error.prefix !== "NOSCRIPT")
      return false;
    this.args = evalCommand(this.args, this.scriptSource);
    this.scriptSource = undefined;
    return true;
  }

  #listen(signal: AbortSignal): void {
    const leave = (): void => {
      this.reject(signal.reason);
      if (!this.isSent) this.carrier?.withdraw(this);
    };
    if (signal.aborted) leave();
    else this.stopListening = onAbort(signal, leave);
  }
}

let capturedResolve: (reply: RedisReply) => void;
let capturedReject: (error: unknown) => void;

/** Shared by all requests: a closure for each promise would be one more object for each call. Runs inside `new Promise`, at once. */
function captureFunctions(resolve: (reply: RedisReply) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}
