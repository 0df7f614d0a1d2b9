import type { NamespaceState } from "./namespace-state.ts";

/** Who waits for a state. Neither may throw. */
export interface StateWaiter {
  onState(state: NamespaceState | undefined): void;
  onStateError(error: unknown): void;
}

/**
 * The state of a namespace that all callers of one turn share: told to each in a loop, for a promise that hundreds wait for costs as many
 * continuations.
 */
export class TurnState {
  /** Settles with the state; never an unhandled rejection. */
  readonly promise: Promise<NamespaceState | undefined>;
  #waiting: StateWaiter[] | undefined = [];
  #state: NamespaceState | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(promise: Promise<NamespaceState | undefined>) {
    this.promise = promise;
    promise.then(
      (state) => {
        this.#state = state;
        this.#tellAll();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#tellAll();
      },
    );
  }

  /** Tells the state once it is known: at once when it is. */
  tell(waiter: StateWaiter): void {
    if (this.#waiting !== undefined) this.#waiting.push(waiter);
    else if (this.#failure !== undefined) waiter.onStateError(this.#failure.error);
    else waiter.onState(this.#state);
  }

  #tellAll(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const waiter of waiting) this.tell(waiter);
  }
}
