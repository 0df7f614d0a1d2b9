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

  /** Nobody waits any more. */
  abandon(reason: unknown): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
