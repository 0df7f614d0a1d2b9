import type { OperationContext } from "../backend/backend.ts";

/**
 * What a store is told with a call. The signal is made when somebody asks for it: most stores never do, and a signal for each call costs more
 * than the call's own bookkeeping.
 */
export class CallContext implements OperationContext {
  readonly isValueEnough: boolean;
  readonly notBefore: OperationContext["notBefore"];
  readonly isCommitAwaited: boolean;
  readonly untilMs: number | undefined;
  #controller: AbortController | undefined;
  #isAbandoned = false;
  #reason: unknown;
  #onUnanswered: Set<() => void> | undefined;

  constructor(
    isValueEnough: boolean,
    notBefore: OperationContext["notBefore"] = undefined,
    isCommitAwaited: boolean = false,
    untilMs: number | undefined = undefined,
  ) {
    this.isValueEnough = isValueEnough;
    this.notBefore = notBefore;
    this.isCommitAwaited = isCommitAwaited;
    this.untilMs = untilMs;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAbandoned) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  onUnanswered(callback: () => void): () => void {
    this.#onUnanswered ??= new Set();
    this.#onUnanswered.add(callback);
    return () => void this.#onUnanswered?.delete(callback);
  }

  /** Somebody goes on without the answer; the call goes on too. */
  leaveUnanswered(): void {
    const callbacks = this.#onUnanswered;
    this.#onUnanswered = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) callback();
  }

  /** Nobody waits any more. */
  abandon(reason: unknown): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#reason = reason;
    this.leaveUnanswered();
    this.#controller?.abort(reason);
  }
}
