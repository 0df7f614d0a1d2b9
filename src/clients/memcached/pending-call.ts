import { onAbort } from "../../foundation/abort-listener.ts";
import { BatchReplies } from "./batch-replies.ts";
import type { MemcachedCallOptions } from "./memcached-client.ts";
import type { MetaRequest } from "./meta-message.ts";
import type { PatientDeadline } from "./patient-deadline.ts";
import { StatsLines } from "./stats-lines.ts";

/** Where a call waits to be sent; a call that settles leaves it by itself. */
export interface CallQueue {
  remove(call: PendingCall): void;
}

/** What a call asks: a request, a batch of them, or `stats`. */
export type CallWork = MetaRequest | BatchReplies | StatsLines;

/** Who is told what became of a call. */
export interface CallReceiver {
  resolve(answer: never): void;
  reject(error: unknown): void;
}

/** What a call without a value counts for in bounds. */
const SMALL_REQUEST_BYTES = 64;

/**
 * A call and its promise, from when it is made until its reply was read or can never come. It may be settled long before that: a deadline
 * or a signal settles it, and its reply is then read and dropped, by whoever's turn it is.
 */
export class PendingCall {
  readonly request: MetaRequest | undefined;
  readonly batch: BatchReplies | undefined;
  readonly stats: StatsLines | undefined;
  readonly options: MemcachedCallOptions;
  /** How many requests it counts for. */
  readonly count: number;
  /** Number of its first request on its connection; -1: its reply carries none. */
  firstOpaque = -1;
  /** Bytes of its requests on its connection. */
  byteCount = 0;
  isSettled = false;
  /** Whether its reply did not come in time; it keeps its place in the order of replies. */
  isOverdue = false;
  /** Whether it went to a second connection already. */
  hasRetried = false;
  /** Whether its deadline is that of its first sending, which waiting and sending anew do not move. */
  isDeadlineFixed = false;
  /** Where it waits to be sent. */
  queue: CallQueue | undefined;
  readonly #receiver: CallReceiver;
  #stopListening: (() => void) | undefined;
  #deadline: PatientDeadline | undefined;

  constructor(work: CallWork, options: MemcachedCallOptions, receiver: CallReceiver) {
    this.batch = work instanceof BatchReplies ? work : undefined;
    this.stats = work instanceof StatsLines ? work : undefined;
    this.request = work instanceof BatchReplies || work instanceof StatsLines ? undefined : work;
    this.count = this.batch === undefined ? 1 : this.batch.requests.length;
    this.options = options;
    this.#receiver = receiver;
  }

  /** Rejects it when nobody waits any more. To be asked before it is sent. @returns whether somebody does */
  keepIfWanted(): boolean {
    const { caller } = this.options;
    if (caller?.isAbandoned !== true) return true;
    this.reject(caller.signal?.reason);
    return false;
  }

  /** Whether anything it sends carries a value: then a server that did not take it may read the value as commands. */
  get hasData(): boolean {
    if (this.batch !== undefined) return this.batch.requests.some((request) => request.kind === "set");
    return this.request?.kind === "set";
  }

  /** About how many bytes it will send. O(requests). */
  estimateBytes(): number {
    const requests = this.batch?.requests ?? (this.request === undefined ? [] : [this.request]);
    return (
      requests.reduce((sum, request) => sum + (request.kind === "set" ? request.value.length : 0), 0) +
      SMALL_REQUEST_BYTES
    );
  }

  /** Rejects with the signal's reason once it is aborted; the signal must not be aborted yet. */
  listen(signal: AbortSignal): void {
    this.#stopListening = onAbort(signal, () => this.reject(signal.reason));
  }

  /** Has a deadline of its own from now on, instead of an earlier one; it ends when the call is settled. */
  expireBy(deadline: PatientDeadline): void {
    this.stopExpiring();
    this.#deadline = deadline;
  }

  /** Takes the deadline back. */
  stopExpiring(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  /** Settles it with its answer; without effect when it is settled. */
  resolve(answer: unknown): void {
    if (this.isSettled) return;
    this.#leave();
    this.#receiver.resolve(answer as never);
  }

  /** Settles it with an error; without effect when it is settled. */
  reject(error: unknown): void {
    if (this.isSettled) return;
    this.#leave();
    this.#receiver.reject(error);
  }

  #leave(): void {
    this.isSettled = true;
    if (this.#deadline !== undefined) this.stopExpiring();
    if (this.#stopListening !== undefined) this.#stopListening();
    if (this.queue !== undefined) this.queue.remove(this);
  }
}
