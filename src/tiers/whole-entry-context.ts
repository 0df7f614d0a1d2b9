import type { OperationContext } from "../backend/backend.ts";

/** A call's context for a read whose answer is kept: all of the entry is wanted, also where the caller looks at its value alone. */
export class WholeEntryContext implements OperationContext {
  readonly isValueEnough = false;
  readonly #context: OperationContext;

  constructor(context: OperationContext) {
    this.#context = context;
  }

  get signal(): AbortSignal | undefined {
    return this.#context.signal;
  }

  get untilMs(): number | undefined {
    return this.#context.untilMs;
  }

  get isAbandoned(): boolean | undefined {
    return this.#context.isAbandoned;
  }
}
