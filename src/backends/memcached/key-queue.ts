import { onAbort } from "../../foundation/abort-listener.ts";
import type { DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";

/** Somebody who waits for a key. */
interface Waiter {
  readonly start: () => void;
  readonly leave: (reason: unknown) => void;
}

/** How long a turn is waited for. */
export interface TurnLimits {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Makes the error of a wait that took too long; nothing was sent then. */
  readonly onTimeout: () => unknown;
}

/**
 * Lets tasks of one key run one after another, in the order they came: writers of one process that lost a race for a key would lose it to
 * each other again and again. Holds nothing for keys that nobody waits for.
 */
export class KeyQueue {
  readonly #deadlines: DeadlineQueue;
  readonly #isForAll: (error: unknown) => boolean;
  /** Of each key that a task runs for: who comes next. */
  readonly #waiting = new Map<string, Set<Waiter>>();

  /** @param isForAll whether an error of one task is everybody's: that a server does not answer need not be found out one after another */
  constructor(deadlines: DeadlineQueue, isForAll: (error: unknown) => boolean) {
    this.#deadlines = deadlines;
    this.#isForAll = isForAll;
  }

  /** Keys that a task runs for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Runs a task when it is its turn. Rejects with the signal's reason, or when the turn does not come in time. */
  async run<T>(key: string, limits: TurnLimits, task: () => Promise<T>): Promise<T> {
    limits.signal?.throwIfAborted();
    const waiters = this.#waiting.get(key);
    if (waiters === undefined) this.#waiting.set(key, new Set());
    else await this.#turn(waiters, limits);
    try {
      return await task();
    } catch (error) {
      if (this.#isForAll(error)) for (const waiter of [...(this.#waiting.get(key) ?? [])]) waiter.leave(error);
      throw error;
    } finally {
      this.#next(key);
    }
  }

  #turn(waiters: Set<Waiter>, { signal, timeoutMs, onTimeout }: TurnLimits): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let stopListening: (() => void) | undefined;
      let ticket: DeadlineTicket | undefined;
      const end = (): void => {
        waiters.delete(waiter);
        stopListening?.();
        if (ticket !== undefined) this.#deadlines.remove(ticket);
      };
      const waiter: Waiter = {
        start: () => {
          end();
          resolve();
        },
        leave: (reason) => {
          end();
          reject(reason);
        },
      };
      waiters.add(waiter);
      if (signal !== undefined) stopListening = onAbort(signal, () => waiter.leave(signal.reason));
      ticket = this.#deadlines.add({ onDeadline: () => waiter.leave(onTimeout()) }, timeoutMs);
    });
  }

  #next(key: string): void {
    const waiters = this.#waiting.get(key);
    for (const waiter of waiters ?? []) {
      waiter.start();
      return;
    }
    this.#waiting.delete(key);
  }
}
