import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CallKind } from "../backend/backend-call.ts";
import { type CallOutcome, outcomeOf } from "../events/call-outcome.ts";
import type { CallSpan, TraceOrigin } from "../events/call-tracer.ts";
import { onAbort } from "../foundation/abort-listener.ts";
import type { DeadlineEntry, DeadlineTicket } from "../foundation/deadline-queue.ts";
import { BackendOverloadedError, BackendTimeoutError, OutcomeUnknownError } from "../foundation/errors.ts";
import { isThenable } from "../foundation/is-thenable.ts";
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
  /** See `OperationContext.notBefore`. */
  readonly notBefore?: OperationContext["notBefore"];
  /** See `OperationContext.isCommitAwaited`. */
  readonly isCommitAwaited?: boolean | undefined;
  /** Ends the call earlier than the cache's deadline, in ms. Default: that deadline. */
  readonly timeoutMs?: number | undefined;
  /** How many keys are asked for at once, for traces. Default: not told. */
  readonly keyCount?: number | undefined;
  /** Told when the store answers a call that was given up at its deadline: what it was asked for has happened by now, or failed. */
  readonly onLateAnswer?: (() => void) | undefined;
  /** Given, when the store is asked, a function to be called if somebody goes on without the answer while the call goes on; see `OperationContext.onUnanswered`. */
  readonly onAsked?: ((leaveUnanswered: () => void) => void) | undefined;
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
  /** Monotonic instant of the deadline, in ms; 0: not set yet. */
  #untilMs = 0;
  #stopListening: (() => void) | undefined;
  #span: CallSpan | undefined;
  /** Monotonic instant of the call, in ms; negative: nobody wants to know how long it took. */
  #startedAtMs = -1;
  #origin: TraceOrigin | undefined;

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
    const { lifecycle, events, tracing } = this.core;
    lifecycle.enter();
    // Here and not where it is sent: that may be a turn of somebody else.
    if (events.wants("operation")) {
      this.#startedAtMs = this.core.clock.monotonicMs();
      this.#origin = tracing.findOrigin?.();
    }
    this.#trace();
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
    // Who traces comes with the first call, and has come by now. This is a turn of the caller still.
    if (this.#span === undefined) this.#trace();
    this.#enter();
  }

  begin(): void {
    const { isValueEnough, notBefore, isCommitAwaited } = this.#options;
    if (this.#untilMs === 0) this.#untilMs = this.core.clock.monotonicMs() + this.#timeoutMs;
    const context = new CallContext(isValueEnough === true, notBefore, isCommitAwaited === true, this.#untilMs);
    this.#context = context;
    this.#options.onAsked?.(() => context.leaveUnanswered());
    let answer: MaybePromise<T>;
    try {
      answer =
        this.#span === undefined
          ? this.ask(this.core.backend, context)
          : this.#span.run(() => this.ask(this.core.backend, context));
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

  #trace(): void {
    const { tracing, backend } = this.core;
    // Also the first call to a local store comes here, for what is attached is opened before it.
    if (tracing.current === undefined || backend.capabilities.local) return;
    const { keyCount } = this.#options;
    this.#span = tracing.current.startCall({ operation: this.#operation, backend: backend.name, keyCount });
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
    if (this.#untilMs === 0) this.#untilMs = this.core.clock.monotonicMs() + this.#timeoutMs;
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
    if (!this.#settle(true)) return;
    this.#tellEnd("ok", undefined);
    this.onAnswer(value);
  }

  /** @param isAnswered whether it is the store that says so */
  #fail(error: unknown, isAnswered = false): void {
    const context = this.#context;
    if (!this.#settle(isAnswered)) return;
    context?.abandon(error);
    const told = translateStoreError(this.core, this.#operation, error, this.#options.signal);
    this.#tellEnd(outcomeOf(told), told);
    this.onError(told);
  }

  #tellEnd(outcome: CallOutcome, error: unknown): void {
    const { backend, clock, events } = this.core;
    this.#span?.end(outcome, error);
    this.#span = undefined;
    if (this.#startedAtMs < 0) return;
    const durationMs = clock.monotonicMs() - this.#startedAtMs;
    const event = { operation: this.#operation, backend: backend.name, outcome, durationMs };
    events.emit("operation", this.#origin === undefined ? event : { ...event, origin: this.#origin });
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
