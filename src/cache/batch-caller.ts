import { onAbort } from "../foundation/abort-listener.ts";
import type { Load } from "../loading/load.ts";
import { callInside, callingLoad } from "../loading/loader-chain.ts";
import { type BatchCall, settleKey } from "./batch-loads.ts";
import type { KeyOutcome } from "./key-search.ts";
import { isolate } from "./loads.ts";

/** One who asks for a key of a batch. */
export class BatchCaller {
  /** The value of the key. */
  readonly result: Promise<unknown>;
  readonly #signal: AbortSignal | undefined;
  /** The load whose loader asks. Batches leave in a turn of their own, where nobody would know any more that it waits. */
  readonly #inside: Load | undefined = callingLoad();
  readonly #stopListening: (() => void) | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  /**
   * @param signal not aborted yet
   * @param onLeave told when the caller leaves before it was answered
   */
  constructor(signal: AbortSignal | undefined, onLeave: () => void) {
    this.#signal = signal;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#stopListening =
      signal &&
      onAbort(signal, () => {
        this.#reject(signal.reason);
        onLeave();
      });
  }

  /** Ends with a failure. Without effect when it has ended. */
  reject(error: unknown): void {
    this.#stopListening?.();
    this.#reject(error);
  }

  /**
   * Takes what there is for its key, or begins to wait for the load that brings it, as who it is: with its own signal, and as the loader that it may be.
   *
   * @param isShared whether somebody else took the outcome before
   */
  take<T>(call: BatchCall<T>, key: string, outcome: KeyOutcome, isShared: boolean): void {
    this.#stopListening?.();
    const { scope, resolved } = call;
    const own: BatchCall<T> = { ...call, resolved: { ...resolved, signal: this.#signal } };
    callInside(this.#inside, () => settleKey(own, key, outcome))
      .then((value) => (isShared && outcome.kind === "value" ? isolate(scope, value) : value))
      .then(this.#resolve, this.#reject);
  }
}
