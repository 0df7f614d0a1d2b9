import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import { type BackoffBounds, backoffMs } from "../foundation/backoff.ts";
import { type BreakerSettings, CircuitBreaker } from "../foundation/circuit-breaker.ts";
import type { Clock } from "../foundation/clock.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { BackendTimeoutError, BackendUnavailableError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** What a link to a middle tier is made of. */
export interface MiddleLinkParts {
  /** The tier's name. */
  readonly name: string;
  readonly store: Backend;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly breaker: BreakerSettings;
  /** Told of every change of the breaker. */
  readonly onBreaker: (state: "open" | "half-open" | "closed") => void;
  /** Told of an error that the store answered with, once for each kind of error. */
  readonly onRefusal: (operation: string, error: unknown) => void;
}

/** Pauses between attempts to connect. */
const CONNECT_PAUSES: BackoffBounds = { minMs: 500, maxMs: 30_000 };

/**
 * The way to a store that may be away: connects in the background, gives up on each call after its own short time, and asks a store that does not answer nothing for a while. Nothing here ever rejects: what comes
 * of a call is an answer or `undefined`.
 */
export class MiddleLink {
  readonly #parts: MiddleLinkParts;
  readonly #breaker: CircuitBreaker;
  readonly #closing = new AbortController();
  readonly #refusals = new Set<string>();
  #isConnected = false;
  #isOpen = false;
  #failedConnects = 0;
  #retry: ScheduledTask | undefined;
  #failureCount = 0;

  constructor(parts: MiddleLinkParts) {
    this.#parts = parts;
    const { clock, random, breaker, onBreaker } = parts;
    this.#breaker = new CircuitBreaker({ ...breaker, clock, random, onChange: onBreaker });
  }

  /** Calls that brought no answer, since the start. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Why nothing is asked now; `undefined`: the store is asked. */
  get trouble(): string | undefined {
    if (!this.#isConnected) return "it is not connected";
    return this.#breaker.state === "closed" ? undefined : "it did not answer in time";
  }

  /** Begins to connect; done when the first attempt is, for stores that answer at once in the same step. Called again it does nothing. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#connect();
  }

  /** Asks the store something. `undefined`: there is no answer. */
  async ask<T>(
    operation: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    invoke: (store: Backend, context: OperationContext) => MaybePromise<T>,
  ): Promise<T | undefined> {
    const { name, store, scheduler } = this.#parts;
    const pass = this.#isConnected ? this.#breaker.enter() : undefined;
    if (pass === undefined) return undefined;
    const controller = new AbortController();
    try {
      const asked = new Promise<T>((resolve) =>
        resolve(invoke(store, { signal: controller.signal, isValueEnough: true })),
      );
      const onTimeout = (): BackendTimeoutError => new BackendTimeoutError(name, operation, timeoutMs);
      const answer = await waitWithin(asked, { signal, timeoutMs, onTimeout, scheduler });
      this.#breaker.succeeded(pass);
      return answer;
    } catch (error) {
      // What nobody waits for need not be sent.
      controller.abort(error);
      if (signal?.aborted === true) this.#breaker.abandoned(pass);
      else this.#note(pass, operation, error);
      return undefined;
    }
  }

  /** Ends what runs, and frees what the store holds. */
  async close(): Promise<void> {
    this.#isConnected = false;
    this.#retry?.cancel();
    this.#closing.abort();
    await this.#parts.store.close();
  }

  #note(pass: number, operation: string, error: unknown): void {
    this.#failureCount += 1;
    if (isAway(error)) {
      this.#breaker.failed(pass);
      return;
    }
    this.#breaker.succeeded(pass);
    const kind = error instanceof Error ? error.name : "unknown";
    if (this.#refusals.has(kind)) return;
    this.#refusals.add(kind);
    this.#parts.onRefusal(operation, error);
  }

  #connect(): void {
    const { store, random, scheduler } = this.#parts;
    const { signal } = this.#closing;
    const onFailed = (): void => {
      if (signal.aborted) return;
      const pauseMs = backoffMs(this.#failedConnects, CONNECT_PAUSES, random);
      this.#failedConnects += 1;
      this.#retry = scheduler.after(pauseMs, () => this.#connect());
    };
    const onConnected = (): void => {
      this.#isConnected = !signal.aborted;
    };
    try {
      const opening = store.connect?.({ signal });
      if (opening instanceof Promise) opening.then(onConnected, onFailed);
      else onConnected();
    } catch {
      onFailed();
    }
  }
}

/** Whether an error says that the store could not be asked, or did not answer. */
function isAway(error: unknown): boolean {
  return (
    error instanceof BackendTimeoutError ||
    error instanceof BackendUnavailableError ||
    error instanceof OutcomeUnknownError
  );
}
