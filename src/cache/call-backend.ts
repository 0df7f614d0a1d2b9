import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { BackendCall, CallKind } from "../backend/backend-call.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { type BackendError, BackendTimeoutError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";
import { translateStoreError } from "./translate-store-error.ts";

type Invoke<T> = (backend: Backend, context: OperationContext) => MaybePromise<T>;

/** How a call to a store is made. */
export interface BackendCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Also a local store answers this through promises, so it has its deadline. Default: only if the store is not local. */
  readonly isRemote?: boolean | undefined;
  /** Told when the store answers a call that was given up at its deadline: what it was asked for has happened by now, or failed. */
  readonly onLateAnswer?: (() => void) | undefined;
}

/**
 * The one way from the cache to its store. A connected local store is called straight through and answers
 * synchronously; any other gets the connection, the deadline and the caller's signal. Errors are translated.
 */
export function callBackend<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  signal: AbortSignal | undefined,
  invoke: Invoke<T>,
): MaybePromise<T> {
  core.lifecycle.assertOpen();
  return completeOnBackend(core, operation, kind, { signal }, invoke);
}

/** As {@link callBackend}, for work that began while the cache was open: it may finish while the cache is closing. */
export function completeOnBackend<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  options: BackendCallOptions,
  invoke: Invoke<T>,
): MaybePromise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const isRemote = options.isRemote ?? !core.backend.capabilities.local;
  if (isRemote || !core.lifecycle.isReadyNow()) {
    return core.lifecycle.track(callWithLimits(core, operation, kind, options, invoke));
  }
  try {
    return invoke(core.backend, { signal });
  } catch (error) {
    throw translateStoreError(core, operation, error, signal);
  }
}

/** {@link callBackend} bound to a cache and a caller's signal, as mechanisms take it. */
export function bindBackendCall(core: CacheCore, signal: AbortSignal | undefined): BackendCall {
  return (operation, kind, invoke) => callBackend(core, operation, kind, signal, invoke);
}

async function callWithLimits<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  { signal, onLateAnswer }: BackendCallOptions,
  invoke: Invoke<T>,
): Promise<T> {
  const { backend, scheduler, deadlines, lifecycle } = core;
  if (!lifecycle.isConnected) await lifecycle.connected(signal);
  const timeoutMs = kind === "read" ? deadlines.readMs : deadlines.writeMs;
  const controller = new AbortController();
  let answer: Promise<T> | undefined;
  const onTimeout = (): BackendError => {
    if (onLateAnswer !== undefined) answer?.then(onLateAnswer, onLateAnswer);
    return kind === "read"
      ? new BackendTimeoutError(backend.name, operation, timeoutMs)
      : // The bytes may have left, so nobody can say that nothing happened.
        new OutcomeUnknownError(backend.name, operation);
  };
  try {
    answer = Promise.resolve(invoke(backend, { signal: controller.signal }));
    return await waitWithin(answer, { signal, timeoutMs, onTimeout, scheduler });
  } catch (error) {
    controller.abort(error);
    throw translateStoreError(core, operation, error, signal);
  }
}
