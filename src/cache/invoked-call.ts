import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CallKind } from "../backend/backend-call.ts";
import type { CacheCore } from "./cache-core.ts";
import { type BackendCallOptions, LimitedCall } from "./limited-call.ts";

/** What is asked of a store. */
export type Invoke<T> = (backend: Backend, context: OperationContext) => MaybePromise<T>;

/** A call that asks what a function says, for a promise. */
export class InvokedCall<T> extends LimitedCall<T> {
  readonly #invoke: Invoke<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    core: CacheCore,
    operation: string,
    kind: CallKind,
    options: BackendCallOptions,
    { invoke, resolve, reject }: { invoke: Invoke<T>; resolve: (value: T) => void; reject: (error: unknown) => void },
  ) {
    super(core, operation, kind, options);
    this.#invoke = invoke;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  protected override ask(backend: Backend, context: OperationContext): MaybePromise<T> {
    return this.#invoke(backend, context);
  }

  protected override onAnswer(answer: T): void {
    this.#resolve(answer);
  }

  protected override onError(error: unknown): void {
    this.#reject(error);
  }
}
