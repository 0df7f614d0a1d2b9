import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import { type BackendCallOptions, LimitedCall } from "./limited-call.ts";
import { recordRead } from "./record-read.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

/**
 * `get` of a remote store, from the caller to the value: the one call of which a cache makes thousands at a time, so it is one object and its promise, without
 * a function and its frame around them.
 */
export class ValueRead extends LimitedCall<StoredEntry | undefined> {
  /** What the caller waits for. */
  readonly promise: Promise<unknown>;
  readonly #scope: ViewScope;
  readonly #key: string;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(scope: ViewScope, key: string, options: BackendCallOptions) {
    super(scope.core, "get", "read", options);
    this.promise = new Promise(capture);
    this.#scope = scope;
    this.#key = key;
    this.#resolve = capturedResolve;
    this.#reject = capturedReject;
  }

  protected override ask(backend: Backend, context: OperationContext): MaybePromise<StoredEntry | undefined> {
    return backend.get(storedKeyOf(this.#scope, this.#key), context);
  }

  protected override onAnswer(entry: StoredEntry | undefined): void {
    recordRead(this.#scope, this.#key, entry !== undefined, entry?.tier);
    this.#resolve(entry?.value);
  }

  protected override onError(error: unknown): void {
    this.#reject(error);
  }
}

let capturedResolve: (value: unknown) => void;
let capturedReject: (error: unknown) => void;

/** Shared by all reads: a closure for each promise would be one more object for each call. Runs inside `new Promise`, at once. */
function capture(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}
