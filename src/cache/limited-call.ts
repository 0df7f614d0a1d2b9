import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CallKind } from "../backend/backend-call.ts";
import { onAbort } from "../foundation/abort-listener.ts";
import type { DeadlineEntry, DeadlineTicket } from "../foundation/deadline-queue.ts";
import { BackendTimeoutError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";
import { CallContext } from "./call-context.ts";
import { translateStoreError } from "./translate-store-error.ts";

/** How a call to a store is made. */
export interface BackendCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Also a local store answers this through promises, so it has its deadline. Default: only if the store is not local. */
  readonly isRemote?: boolean | undefined;
  /** See `OperationContext.isValueEnough`. */
  readonly isValueEnough?: boolean | undefined;
  /** Told when the store answers a call that was given up at its deadline: what it was asked for has happened by now, or failed. */
  readonly onLateAnswer?: (() => void) | undefined;
}

/** What is asked of a store. */
export type Invoke<T> = (backend: Backend, context: OperationContext) => MaybePromise<T>;

/**
 * One call to a store that answers through promises: it settles with the answer, at its deadline or when the caller leaves, whichever is
 * first, and once. One object instead of a chain of promises, and a place in the cache's queue of deadlines instead of a timer.
 */
export class LimitedCall<T> implements DeadlineEntry {
  readonly #core: CacheCore;
  readonly #operation: string;
  readonly #kind: CallKind;
  readonly #options: BackendCallOptions;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #context: CallContext;
  #isSettled = false;
  #answer: Promise<T> | undefined;
  #ticket: DeadlineTicket | undefined;
  #stopListening: (() => void) | undefined;

  constructor(
    core: CacheCore,
    operation: string,
    kind: CallKind,
    options: BackendCallOptions,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#core = core;
    this.#operation = operation;
    this.#kind = kind;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#context = new CallContext(options.isValueEnough === true);
  }

  /** Asks the store. Called once. */
  start(invoke: Invoke<T>): void {
    const { signal } = this.#options;
    let answer: MaybePromise<T>;
    try {
      signal?.throwIfAborted();
      answer = invoke(this.#core.backend, this.#context);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!isThenable(answer)) {
      this.#succeed(answer);
      return;
    }
    this.#answer = answer;
    this.#ticket = this.#core.deadlineQueue.add(this, this.#timeoutMs);
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#fail(signal.reason));
    answer.then(
      (value) => this.#succeed(value),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Asks the store once it is connected; fails as the connecting does. */
  startAfter(connected: Promise<void>, invoke: Invoke<T>): void {
    connected.then(
      () => this.start(invoke),
      (error: unknown) => this.#fail(error),
    );
  }

  onDeadline(): void {
    const { onLateAnswer } = this.#options;
    if (onLateAnswer !== undefined) this.#answer?.then(onLateAnswer, onLateAnswer);
    const { name } = this.#core.backend;
    this.#fail(
      this.#kind === "read"
        ? new BackendTimeoutError(name, this.#operation, this.#timeoutMs)
        : // The bytes may have left, so nobody can say that nothing happened.
          new OutcomeUnknownError(name, this.#operation),
    );
  }

  get #timeoutMs(): number {
    const { deadlines } = this.#core;
    return this.#kind === "read" ? deadlines.readMs : deadlines.writeMs;
  }

  #succeed(value: T): void {
    if (this.#settle()) this.#resolve(value);
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    this.#context.abandon(error);
    this.#reject(translateStoreError(this.#core, this.#operation, error, this.#options.signal));
  }

  /** @returns false when it had settled before: what comes later is ignored */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    if (this.#ticket !== undefined) this.#core.deadlineQueue.remove(this.#ticket);
    this.#stopListening?.();
    this.#core.lifecycle.leave();
    return true;
  }
}

/** Clients of stores bring promises of their own libraries. */
function isThenable<T>(answer: MaybePromise<T>): answer is Promise<T> {
  return typeof answer === "object" && answer !== null && typeof (answer as Promise<T>).then === "function";
}
