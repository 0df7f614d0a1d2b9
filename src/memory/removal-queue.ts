import type { BackendHost } from "../backend/registry.ts";
import type { RemovalCause, RemovalListener } from "../entry/removal.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** How many removals that listeners caused themselves are told at once. */
const MAX_CAUSED_COUNT = 1_000;
/** When the others are told. A timer, not a turn of the event loop: two keys that evict each other for ever must not keep a process alive. */
const REST_DELAY_MS = 1;

/**
 * Removals that happened within one operation, told only when the store is consistent again: listeners may use it.
 *
 * A listener that writes (say, puts an evicted key back) causes removals while others are being told. They wait in line, so that the stack
 * does not grow; the first 1,000 are told in the same call, the rest in slices of that size from a timer.
 */
export class RemovalQueue {
  readonly #listener: RemovalListener;
  readonly #scheduler: Scheduler;
  readonly #isWanted: () => boolean;
  #keys: string[] = [];
  #causes: RemovalCause[] = [];
  #isFlushing = false;
  #rest: ScheduledTask | undefined;

  constructor(host: Pick<BackendHost, "onRemoval" | "wantsRemovals" | "scheduler">) {
    this.#listener = host.onRemoval;
    this.#scheduler = host.scheduler;
    this.#isWanted = host.wantsRemovals ?? (() => true);
  }

  /** Notes one entry that left, if anybody wants to know. */
  add(storedKey: string, cause: RemovalCause): void {
    if (!this.#isWanted()) return;
    this.#keys.push(storedKey);
    this.#causes.push(cause);
  }

  /** Whether something is noted that nobody was told yet. */
  get isPending(): boolean {
    return this.#keys.length > 0;
  }

  /** Tells all, in order, each once. Does nothing when called by a listener: the call that tells it goes on. Never throws. */
  flush(): void {
    if (this.#isFlushing || this.#keys.length === 0) return;
    this.#isFlushing = true;
    const endIndex = this.#keys.length + MAX_CAUSED_COUNT;
    let index = 0;
    // `clear` by a listener empties the arrays and so ends the loop.
    for (; index < this.#keys.length && index < endIndex; index += 1) {
      this.#tell(this.#keys[index] as string, this.#causes[index] as RemovalCause);
    }
    this.#isFlushing = false;
    this.#keys = this.#keys.slice(index);
    this.#causes = this.#causes.slice(index);
    if (this.#keys.length > 0) this.#scheduleRest();
  }

  /** Forgets what was not told. */
  clear(): void {
    this.#keys = [];
    this.#causes = [];
    this.#rest?.cancel();
    this.#rest = undefined;
  }

  /** A listener must not throw. One that does becomes a warning: it cannot change a result or keep others from being told. */
  #tell(storedKey: string, cause: RemovalCause): void {
    try {
      this.#listener(storedKey, cause);
    } catch (error) {
      const what = error instanceof Error ? error.message : typeof error;
      process.emitWarning(`The removal listener of a memory store threw: ${what}`, { type: "GocachexListenerWarning" });
    }
  }

  #scheduleRest(): void {
    this.#rest ??= this.#scheduler.after(REST_DELAY_MS, () => {
      this.#rest = undefined;
      this.flush();
    });
  }
}
