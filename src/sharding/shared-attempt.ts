import { waitUnlessAborted } from "../foundation/deadline.ts";

interface Attempt {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  waitingCount: number;
}

/**
 * Work that its callers share. It has none of their signals: one that leaves must not take the others along. It is aborted when the last of them has left, and
 * whoever comes then begins it anew.
 */
export class SharedAttempt {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  #attempt: Attempt | undefined;

  constructor(work: (signal: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  /** Joins the attempt that runs, or begins one. Rejects as it does, or with the signal's reason. */
  async join(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const attempt = this.#attempt ?? this.#begin();
    attempt.waitingCount += 1;
    try {
      await waitUnlessAborted(attempt.done, signal);
    } finally {
      attempt.waitingCount -= 1;
      if (attempt.waitingCount === 0) this.#end(attempt);
    }
  }

  #begin(): Attempt {
    const abort = new AbortController();
    const attempt = { done: this.#work(abort.signal), abort, waitingCount: 0 };
    this.#attempt = attempt;
    const end = (): void => {
      if (this.#attempt === attempt) this.#attempt = undefined;
    };
    attempt.done.then(end, end);
    return attempt;
  }

  /** Nobody waits. Where it is done, nothing listens to the signal any more. */
  #end(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
    attempt.abort.abort();
  }
}
