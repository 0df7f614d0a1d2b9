import type { Socket } from "node:net";
import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { type CallSubject, overloaded, unanswered } from "./call-errors.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { encodeCall } from "./encode-call.ts";
import { OPAQUE_COUNT } from "./encode-meta-request.ts";
import type { MemcachedConnectionId } from "./memcached-client.ts";
import type { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaStatus } from "./meta-message.ts";
import { MetaReplyParser, type MetaReplySink } from "./meta-reply-parser.ts";
import { PatientDeadline } from "./patient-deadline.ts";
import type { PendingCall } from "./pending-call.ts";
import { RequestBuffer } from "./request-buffer.ts";
import type { SharedErrors } from "./shared-errors.ts";
import { SingleAnswer } from "./single-answer.ts";
import { type UnansweredCall, UnansweredCalls } from "./unanswered-calls.ts";
import { WaitingCalls } from "./waiting-calls.ts";

const OUT_OF_ORDER = "a reply is not the one that must come next";

/** A call whose connection went away before its reply came. */
export interface Orphan extends UnansweredCall {
  readonly cause: Error;
}

/** Whom a connection belongs to. */
export interface ConnectionOwner {
  /** Replies were read, so there may be room for calls that wait. */
  onProgress(connection: MemcachedConnection): void;
  /** It is over; told once, before its orphans. */
  onLost(connection: MemcachedConnection, error: Error): void;
  onOrphan(orphan: Orphan): void;
}

/** What a connection is made with. */
export interface ConnectionParts {
  readonly id: MemcachedConnectionId;
  /** Ready for requests: greeted, authenticated, nothing unread. */
  readonly socket: Socket;
  readonly subject: CallSubject;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "soon">;
  readonly deadlines: DeadlineQueue;
  readonly errors: SharedErrors;
  readonly owner: ConnectionOwner;
  /** Largest value that the server can hold, in bytes. */
  readonly maxValueBytes: number;
}

/**
 * One pipelined connection. Calls of one turn are encoded into one buffer, which leaves at the end of the turn; while the platform has not
 * taken it, further calls wait here and have provably not left.
 *
 * Replies must come in the order of the calls, and each carries the number of its request: a reply that is not the one which must come
 * next ends the connection, so a stream that is out of step can give nobody the reply of another.
 *
 * It is over at the first fault: then every call that has no reply is an orphan, and the owner decides what becomes of it.
 */
export class MemcachedConnection implements MetaReplySink {
  readonly id: MemcachedConnectionId;
  readonly #parts: ConnectionParts;
  readonly #socket: Socket;
  readonly #parser: MetaReplyParser;
  readonly #buffer = new RequestBuffer();
  readonly #calls: UnansweredCalls;
  readonly #outbox = new WaitingCalls();
  #nextOpaque = 0;
  #isFlushPlanned = false;
  #isWriting = false;
  #isOpen = true;
  #isUnneeded = false;
  #usedAt: number;

  constructor(parts: ConnectionParts) {
    this.id = parts.id;
    this.#parts = parts;
    this.#socket = parts.socket;
    this.#parser = new MetaReplyParser(this, parts.maxValueBytes);
    const { clock, scheduler, deadlines, errors, subject } = parts;
    const { timeoutMs } = subject;
    const onLate = (call: PendingCall): void =>
      call.reject(errors.for("late", call.options, () => unanswered(subject, call.options)));
    const onHung = (): void =>
      this.lose(new Error(`Replies are overdue by more than ${timeoutMs} ms: the server or the network hangs.`));
    this.#calls = new UnansweredCalls({ clock, scheduler, deadlines, timeoutMs, onLate, onHung });
    this.#usedAt = this.#calls.aliveAt;
  }

  /** Settles when the socket is gone. */
  get gone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once("close", () => resolve());
    });
  }

  /** Whether it was closed because nothing was to do. */
  get isUnneeded(): boolean {
    return this.#isUnneeded;
  }

  /** Ends it because nothing is to do. */
  retire(): void {
    this.#isUnneeded = true;
    this.lose(new Error("The connection was not used."));
  }

  /** Begins to read. */
  start(): void {
    const socket = this.#socket;
    socket.on("data", this.#onData);
    socket.on("error", (error) => this.lose(error));
    socket.on("close", () => this.lose(new Error("The server closed the connection.")));
    socket.resume();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether a reply is overdue: what is sent now stands behind it. */
  get isSuspect(): boolean {
    return this.#calls.isLate;
  }

  /** Whether calls were taken that leave at the end of this turn. */
  get isCollecting(): boolean {
    return this.#isFlushPlanned;
  }

  /** Requests without a reply, those that wait included. */
  get requestCount(): number {
    return this.#calls.requestCount + this.#outbox.requestCount;
  }

  get waitingCount(): number {
    return this.#outbox.requestCount;
  }

  /** When a request was sent last that was answered later, in the monotonic clock's ms: the server lived then. */
  get aliveAt(): number {
    return this.#calls.aliveAt;
  }

  /** When something was sent last. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** Whether it has so much to do that another connection would help. */
  get isBusy(): boolean {
    return this.requestCount >= CLIENT_LIMITS.spreadInFlight || this.#byteCount >= CLIENT_LIMITS.spreadInFlightBytes;
  }

  /** Whether the write that is being collected takes another call. */
  get #mayEncode(): boolean {
    return !this.#isWriting && this.#buffer.byteLength < CLIENT_LIMITS.maxWriteBytes;
  }

  get #byteCount(): number {
    return this.#calls.byteCount + this.#outbox.byteCount;
  }

  /** Whether so many more requests are within its bounds. One that has nothing to do takes anything. */
  canTake(count: number): boolean {
    if (!this.#isOpen) return false;
    const { requestCount } = this;
    if (requestCount === 0) return true;
    return requestCount + count <= CLIENT_LIMITS.maxInFlight && this.#byteCount < CLIENT_LIMITS.maxInFlightBytes;
  }

  /** Sends a call at the end of this turn, or as soon as what was sent before has left. */
  submit(call: PendingCall): void {
    if (this.#outbox.requestCount === 0 && this.#mayEncode) {
      this.#encode(call);
      return;
    }
    this.#outbox.add(call);
    if (call.isDeadlineFixed) return;
    const { subject, deadlines, clock, errors } = this.#parts;
    const why = "the connection took nothing more in time. Look at the server's load.";
    const { options } = call;
    const makeError = (): Error => overloaded(subject, options.operation, why);
    const expire = (): void => call.reject(errors.for("blocked", options, makeError));
    call.expireBy(new PatientDeadline(deadlines, clock, subject.timeoutMs, expire));
  }

  onReply(status: MetaStatus, opaque: number, value: Buffer | undefined, flags: string): void {
    const call = this.#calls.first;
    if (call?.request !== undefined) {
      const isNoop = call.firstOpaque < 0;
      if (opaque === call.firstOpaque && isNoop === (status === "MN")) {
        this.#calls.shift(call);
        if (!call.isSettled) call.resolve(new SingleAnswer(status, value, flags, this.id));
      } else this.#parser.fail(OUT_OF_ORDER);
      return;
    }
    const progress = call?.batch?.accept(status, opaque, value, flags) ?? "foreign";
    if (progress === "foreign") this.#parser.fail(OUT_OF_ORDER);
    else if (progress === "done") this.#finishBatch(call as PendingCall);
  }

  onError(error: MemcachedServerError): void {
    const call = this.#calls.first;
    // After a refused value nobody knows whether the server read it as a value or as commands: nothing behind it can be trusted.
    const isOutOfStep = error.prefix === "ERROR" || (error.prefix === "CLIENT_ERROR" && call?.hasData === true);
    if (call === undefined || isOutOfStep) this.#parser.fail(error.message);
    if (call === undefined || error.prefix === "ERROR") return;
    if (call.batch !== undefined && !isOutOfStep) {
      if (call.batch.acceptError(error) === "done") this.#finishBatch(call);
      return;
    }
    this.#calls.shift(call);
    call.reject(error);
  }

  onLine(line: string): void {
    const call = this.#calls.first;
    const isLast = call?.stats?.accept(line);
    if (isLast === undefined) this.#parser.fail(OUT_OF_ORDER);
    if (call === undefined || !isLast) return;
    this.#calls.shift(call);
    call.resolve(call.stats?.values);
  }

  /** Ends the connection; everything in flight becomes an orphan. Without effect when it is over. */
  lose(error: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    const { owner } = this.#parts;
    owner.onLost(this, error);
    for (const unanswered of this.#calls.takeAll()) owner.onOrphan({ ...unanswered, cause: error });
    for (const call of this.#outbox.takeAll()) owner.onOrphan({ call, wasSent: false, dueAt: 0, cause: error });
  }

  #encode(call: PendingCall): void {
    const before = this.#buffer.byteLength;
    const firstOpaque = this.#nextOpaque;
    try {
      encodeCall(call, firstOpaque, this.#buffer);
    } catch (error) {
      call.reject(error);
      return;
    }
    call.byteCount = this.#buffer.byteLength - before;
    this.#nextOpaque = (firstOpaque + call.count) % OPAQUE_COUNT;
    this.#calls.push(call);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // Ticks run when all promises have been followed up: a turn's calls are together by then, however many awaits lie between.
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushPlanned = false;
    if (!this.#isOpen || this.#buffer.byteLength === 0) return;
    this.#usedAt = this.#calls.markSent();
    this.#isWriting = true;
    const parts = this.#buffer.take();
    if (parts.length === 1) {
      this.#socket.write(parts[0] as Uint8Array, this.#onWritten);
      return;
    }
    this.#socket.cork();
    const last = parts.length - 1;
    for (const [index, part] of parts.entries()) this.#socket.write(part, index === last ? this.#onWritten : undefined);
    this.#socket.uncork();
  };

  readonly #onWritten = (error?: Error | null): void => {
    // A write that failed is followed by an error event.
    if (error) return;
    this.#isWriting = false;
    this.#buffer.reuse();
    for (let call = this.#outbox.first(); call !== undefined && this.#mayEncode; call = this.#outbox.first()) {
      this.#outbox.remove(call);
      if (!call.isDeadlineFixed) call.stopExpiring();
      if (call.keepIfWanted()) this.#encode(call);
    }
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#calls.noteChunk();
    this.#parser.push(chunk);
    const { fault } = this.#parser;
    if (fault !== undefined)
      this.lose(new Error(`The server's answer is not the protocol that was expected: ${fault}.`));
    this.#parts.owner.onProgress(this);
  };

  #finishBatch(call: PendingCall): void {
    this.#calls.shift(call);
    if (!call.isSettled) call.resolve({ replies: call.batch?.finish(), connection: this.id });
  }
}
