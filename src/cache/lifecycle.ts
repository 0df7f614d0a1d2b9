import type { Backend, MaybePromise } from "../backend/backend.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { BackendUnavailableError, CacheClosedError, GocachexError } from "../foundation/errors.ts";
import type { Scheduler } from "../foundation/scheduler.ts";

/** What the lifecycle needs. */
export interface LifecycleOptions {
  readonly backend: Backend;
  readonly scheduler: Scheduler;
  readonly connectMs: number;
}

/**
 * Open, connected, closed: when the store is connected, and what still runs when the cache closes.
 *
 * ```text
 * open ──first operation──▶ connecting ──▶ connected      (a failed connect goes back to open: the next call tries again)
 *   └──────────── close() from any state ───────────▶ closed
 * ```
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  #runningCount = 0;
  #onIdle: (() => void) | undefined;
  readonly #connectAbort = new AbortController();
  readonly #onClosed = new Set<() => void>();
  #connecting: Promise<void> | undefined;
  #waitingCount = 0;
  #hasConnected: boolean;
  #attach: (() => Promise<void>) | undefined;
  #isClosed = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#hasConnected = options.backend.connect === undefined;
  }

  /** What watches the cache is opened before the store, and before the first call is answered. Told once, before any call. */
  attach(open: () => Promise<void>): void {
    this.#attach = open;
    this.#hasConnected = false;
  }

  /**
   * Whether a call may start without waiting. Not as long as earlier calls still wait for the connection, or a later one
   * would overtake them.
   */
  get isConnected(): boolean {
    return this.#hasConnected && this.#waitingCount === 0;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a local store can be called now; connects it when that needs no waiting. */
  isReadyNow(): boolean {
    if (this.isConnected) return true;
    if (this.#hasConnected || this.#connecting !== undefined) return false;
    const opening = this.#openAll();
    if (!(opening instanceof Promise)) {
      this.#hasConnected = true;
      return true;
    }
    void this.#shareConnecting(opening);
    return false;
  }

  /** @throws CacheClosedError after `close` */
  assertOpen(): void {
    if (this.#isClosed) throw new CacheClosedError();
  }

  /** Refuses everything from now on and ends an attempt to connect. */
  markClosed(): void {
    this.#isClosed = true;
    this.#connectAbort.abort(new CacheClosedError());
    for (const tell of this.#onClosed) tell();
    this.#onClosed.clear();
  }

  /** Calls back when the cache closes. `tell` must not throw. @returns a function that stops it */
  onClosed(tell: () => void): () => void {
    this.#onClosed.add(tell);
    return () => void this.#onClosed.delete(tell);
  }

  /** Waits for the connection, which is made once; callers share the attempt. @throws BackendUnavailableError */
  async connected(signal: AbortSignal | undefined): Promise<void> {
    const { scheduler } = this.#options;
    const limits = { signal, timeoutMs: Number.POSITIVE_INFINITY, onTimeout: () => undefined, scheduler };
    this.#waitingCount += 1;
    try {
      await waitWithin(this.#connect(), limits);
    } finally {
      this.#waitingCount -= 1;
    }
  }

  /** Remembers work that runs, so that `close` can wait for it. */
  track<T>(work: Promise<T>): Promise<T> {
    this.enter();
    const leave = (): void => this.leave();
    work.then(leave, leave);
    return work;
  }

  /** A call begins: `close` waits for it. */
  enter(): void {
    this.#runningCount += 1;
  }

  /** A call settled. */
  leave(): void {
    this.#runningCount -= 1;
    if (this.#runningCount === 0) this.#onIdle?.();
  }

  /** Resolves when no call runs and nothing connects any more, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const idle =
      this.#runningCount === 0
        ? undefined
        : new Promise<void>((resolve) => {
            this.#onIdle = resolve;
          });
    const all = Promise.allSettled([idle, this.#connecting]);
    const limits = { timeoutMs, onTimeout: () => undefined, scheduler: this.#options.scheduler };
    await waitWithin(all, limits).catch(() => undefined);
  }

  #connect(): Promise<void> {
    if (this.#hasConnected) return Promise.resolve();
    if (this.#connecting !== undefined) return this.#connecting;
    // Called inside a promise, so that a store that throws rejects.
    return this.#shareConnecting(new Promise((resolve) => resolve(this.#openAll())));
  }

  #openAll(): MaybePromise<void> {
    if (this.#attach === undefined) return this.#openStore();
    // Each has its own time: loading a package on a busy machine must not look like a store that does not answer.
    return this.#within(this.#attach(), "what watches the cache did not begin").then(() => {
      this.#attach = undefined;
      this.assertOpen();
      return this.#openStore();
    });
  }

  #openStore(): MaybePromise<void> {
    const opening = this.#options.backend.connect?.({ signal: this.#connectAbort.signal });
    return opening instanceof Promise ? this.#within(opening, "no connection") : opening;
  }

  #within(opening: Promise<void>, what: string): Promise<void> {
    const { backend, connectMs, scheduler } = this.#options;
    const onTimeout = (): BackendUnavailableError => unavailable(backend.name, `${what} within ${connectMs} ms`);
    return waitWithin(opening, { timeoutMs: connectMs, onTimeout, scheduler });
  }

  #shareConnecting(opening: Promise<void>): Promise<void> {
    this.#connecting = this.#open(opening).finally(() => {
      this.#connecting = undefined;
    });
    // Nobody may be waiting when it fails.
    this.#connecting.catch(() => undefined);
    return this.#connecting;
  }

  async #open(opening: Promise<void>): Promise<void> {
    const { backend } = this.#options;
    try {
      await opening;
    } catch (error) {
      this.assertOpen();
      throw error instanceof GocachexError ? error : unavailable(backend.name, "connecting failed", error);
    }
    this.assertOpen();
    this.#hasConnected = true;
  }
}

function unavailable(name: string, what: string, cause?: unknown): BackendUnavailableError {
  return new BackendUnavailableError(
    name,
    "connect",
    `${name}: ${what}. Check its address, that it runs, and the credentials.`,
    { cause },
  );
}
