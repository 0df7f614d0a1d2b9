import type { Backend } from "../backend/backend.ts";
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
  readonly #running = new Set<Promise<unknown>>();
  #connecting: Promise<void> | undefined;
  #isConnected: boolean;
  #isClosed = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#isConnected = options.backend.connect === undefined;
  }

  /** Whether operations may start without waiting for a connection. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws CacheClosedError after `close` */
  assertOpen(): void {
    if (this.#isClosed) throw new CacheClosedError();
  }

  /** Refuses everything from now on. @returns whether this call closed it */
  markClosed(): boolean {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    return isFirst;
  }

  /** Connects once; callers share the attempt. @throws BackendUnavailableError */
  connect(): Promise<void> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Remembers a running call, so that `close` can wait for it. */
  track<T>(call: Promise<T>): Promise<T> {
    this.#running.add(call);
    const forget = (): void => void this.#running.delete(call);
    call.then(forget, forget);
    return call;
  }

  /** Resolves when no call runs any more, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const all = Promise.allSettled([...this.#running]);
    await waitWithin(all, { timeoutMs, onTimeout: () => undefined, scheduler: this.#options.scheduler }).catch(
      () => undefined,
    );
  }

  async #open(): Promise<void> {
    if (this.#isConnected) return;
    const { backend, connectMs, scheduler } = this.#options;
    const controller = new AbortController();
    const late = (): BackendUnavailableError => {
      const error = unavailable(backend.name, `no connection within ${connectMs} ms`, undefined);
      controller.abort(error);
      return error;
    };
    try {
      const opening = Promise.resolve(backend.connect?.({ signal: controller.signal }));
      await waitWithin(opening, { timeoutMs: connectMs, onTimeout: late, scheduler });
    } catch (error) {
      throw error instanceof GocachexError ? error : unavailable(backend.name, "connecting failed", error);
    }
    this.assertOpen();
    this.#isConnected = true;
  }
}

function unavailable(name: string, what: string, cause: unknown): BackendUnavailableError {
  return new BackendUnavailableError(
    name,
    "connect",
    `${name}: ${what}. Check its address, that it runs, and the credentials.`,
    { cause },
  );
}
