/** A caller's place in the line for one lock. */
export interface LockPlace {
  /** Whether everybody before it has left. */
  readonly isFirst: boolean;
  /** Runs `wait` with a signal that is aborted when it is this place's turn to try again. */
  waitForTurn(wait: (wake: AbortSignal) => Promise<void>): Promise<void>;
  /** Leaves the line; the next one is woken. */
  leave(): void;
}

interface Waiter {
  wake: AbortController | undefined;
  /** A wake-up that came while nobody was waiting for it. */
  isDue: boolean;
}

/** The lines of this process before its locks: first come, first served, and no polling against ourselves. */
export class LockQueue {
  readonly #lines = new Map<string, Waiter[]>();

  /** Takes the last place in a lock's line. */
  join(storedKey: string): LockPlace {
    const waiter: Waiter = { wake: undefined, isDue: false };
    const line = this.#lines.get(storedKey) ?? [];
    line.push(waiter);
    this.#lines.set(storedKey, line);
    return {
      get isFirst(): boolean {
        return line[0] === waiter;
      },
      waitForTurn: async (wait) => {
        if (!waiter.isDue) {
          waiter.wake = new AbortController();
          await wait(waiter.wake.signal);
          waiter.wake = undefined;
        }
        waiter.isDue = false;
      },
      leave: () => {
        const wasFirst = line[0] === waiter;
        line.splice(line.indexOf(waiter), 1);
        if (line.length === 0) this.#lines.delete(storedKey);
        else if (wasFirst) wakeFirst(line);
      },
    };
  }

  /** Tells the first in a lock's line to try now. */
  wake(storedKey: string): void {
    const line = this.#lines.get(storedKey);
    if (line !== undefined) wakeFirst(line);
  }
}

function wakeFirst(line: readonly Waiter[]): void {
  const first = line[0];
  if (first === undefined) return;
  first.isDue = true;
  first.wake?.abort();
}
