import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CallKind } from "../backend/backend-call.ts";
import { onAbort } from "../foundation/abort-listener.ts";
import type { DeadlineEntry, DeadlineTicket } from "../foundation/deadline-queue.ts";
import { BackendOverloadedError, BackendTimeoutError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";
import { CallContext } from "./call-context.ts";
import type { WaitingCall } from "./call-window.ts";
import { translateStoreError } from "./translate-store-error.ts";

/** How a call to a store is made. */
export interface BackendCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Also a local store answers this through promises, so it has its deadline. Default: only if the store is not local. */
  readonly isRemote?: boolean | undefined;
  /** See `OperationContext.isValueEnough`. */
  readonly isValueEnough?: boolean | undefined;
  /** Ends the call earlier than the cache's deadline, in ms. Default: that deadline. */
  readonly timeoutMs?: number | undefined;
  /** Told when the store answers a call that was given up at its deadline: what it was asked for has happened by now, or failed. */
  readonly onLateAnswer?: (() => void) | undefined;
}

/**
 * One call to a store that answers through promises: it settles with the answer, at its deadline or when the caller leaves, whichever is
 * first, and once. One object instead of a chain of promises, and a place in the cache's queue of deadlines instead of a timer.
 *
 * ```text
 * start ─▶ (connecting) ─▶ (waiting for the window) ─▶ asked ─▶ settled     the deadline counts from where the connection stands
 * ```
 */
export abstract class LimitedCall<T> implements DeadlineEntry, WaitingCall {
  protected readonly core: CacheCore;
  readonly #operation: string;
  readonly #kind: CallKind;
  readonly #options: BackendCallOptions;
  /** What the store was told; `undefined` as long as it was not asked. */
  #context: CallContext | undefined;
  #isSettled = false;
  #answer: Promise<T> | undefined;
  #ticket: DeadlineTicket | undefined;
  #stopListening: (() => void) | undefined;

  constructor(core: CacheCore, operation: string, kind: CallKind, options: BackendCallOptions) {
    this.core = core;
    this.#operation = operation;
    this.#kind = kind;
    this.#options = options;
  }

  /** Asks the store. */
  protected abstract ask(backend: Backend, context: OperationContext): MaybePromise<T>;

  /** The store's answer, while somebody waits for it. Must not throw. */
  protected abstract onAnswer(answer: T): void;

  /** The call failed. Must not throw. */
  protected abstract onError(error: unknown): void;

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Asks the store as soon as it is connected and has room. Called once. */
  start(): void {
    const { lifecycle } = this.core;
    lifecycle.enter();
    if (lifecycle.isConnected) {
      this.#enter();
      return;
    }
    const { signal, timeoutMs } = this.#options;
    // A caller with a bound of its own does not wait longer than that for the connection either, which goes on for others.
    if (timeoutMs !== undefined && timeoutMs < this.core.deadlines.connectMs) {
      this.#ticket = this.core.deadlineQueue.add(this, timeoutMs);
    }
    lifecycle.connected(signal).then(
      () => this.#onConnected(),
      (error: unknown) => this.#fail(error),
    );
  }

  #onConnected(): void {
    if (this.#isSettled) return;
    if (this.#ticket !== undefined) this.core.deadlineQueue.remove(this.#ticket);
    this.#ticket = undefined;
    this.#enter();
  }

  begin(): void {
    const context = new CallContext(this.#options.isValueEnough === true);
    this.#context = context;
    let answer: MaybePromise<T>;
    try {
      answer = this.ask(this.core.backend, context);
    } catch (error) {
      this.#fail(error, true);
      return;
    }
    if (!isThenable(answer)) {
      this.#succeed(answer);
      return;
    }
    this.#answer = answer;
    if (this.#ticket === undefined) this.#limit();
    answer.then(
      (value) => this.#succeed(value),
      (error: unknown) => this.#fail(error, true),
    );
  }

  onDeadline(): void {
    const { onLateAnswer } = this.#options;
    if (onLateAnswer !== undefined) this.#answer?.then(onLateAnswer, onLateAnswer);
    this.#fail(this.#lateError());
  }

  #enter(): void {
    const { signal } = this.#options;
    const { callWindow } = this.core;
    if (signal?.aborted === true) {
      this.#fail(signal.reason);
    } else if (callWindow.tryEnter()) {
      this.begin();
    } else if (callWindow.hasRoom) {
      this.#limit();
      callWindow.wait(this);
    } else {
      this.#fail(this.#unsent("too many calls wait already"));
    }
  }

  /** From now on the call ends at its deadline, and when its caller leaves. */
  #limit(): void {
    const { signal } = this.#options;
    this.#ticket = this.core.deadlineQueue.add(this, this.#timeoutMs);
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#fail(signal.reason));
  }

  #lateError(): Error {
    const { name } = this.core.backend;
    if (this.#kind === "read") return new BackendTimeoutError(name, this.#operation, this.#timeoutMs);
    if (this.#context === undefined) return this.#unsent("calls before it took all of its time");
    // The bytes may have left, so nobody can say that nothing happened.
    return new OutcomeUnknownError(name, this.#operation);
  }

  #unsent(why: string): BackendOverloadedError {
    const { name } = this.core.backend;
    return new BackendOverloadedError(name, this.#operation, `${name}: "${this.#operation}" was not sent: ${why}.`);
  }

  get #timeoutMs(): number {
    const { deadlines } = this.core;
    const deadlineMs = this.#kind === "read" ? deadlines.readMs : deadlines.writeMs;
    return Math.min(deadlineMs, this.#options.timeoutMs ?? deadlineMs);
  }

  #succeed(value: T): void {
    if (this.#settle(true)) this.onAnswer(value);
  }

  /** @param isAnswered whether it is the store that says so */
  #fail(error: unknown, isAnswered = false): void {
    const context = this.#context;
    if (!this.#settle(isAnswered)) return;
    context?.abandon(error);
    this.onError(translateStoreError(this.core, this.#operation, error, this.#options.signal));
  }

  /** @returns false when it had settled before: what comes later is ignored */
  #settle(isAnswered: boolean): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    if (this.#ticket !== undefined) this.core.deadlineQueue.remove(this.#ticket);
    this.#stopListening?.();
    if (this.#context !== undefined) this.core.callWindow.leave(isAnswered);
    this.core.lifecycle.leave();
    // A call that waited is old by now, and what it still held, which is young, would be kept until all that is old is collected.
    this.#ticket = undefined;
    this.#stopListening = undefined;
    this.#answer = undefined;
    this.#context = undefined;
    return true;
  }
}

/** Clients of stores bring promises of their own libraries. */
function isThenable<T>(answer: MaybePromise<T>): answer is Promise<T> {
  return typeof answer === "object" && answer !== null && typeof (answer as Promise<T>).then === "function";
}
