import type { MaybePromise } from "../backend/backend.ts";
import type { BackendCall, CallKind } from "../backend/backend-call.ts";
import { adoptThenable } from "../foundation/is-thenable.ts";
import type { CacheCore } from "./cache-core.ts";
import { invokeObserved } from "./invoke-observed.ts";
import { type Invoke, InvokedCall } from "./invoked-call.ts";
import type { BackendCallOptions } from "./limited-call.ts";
import { translateStoreError } from "./translate-store-error.ts";

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
  isCommitAwaited: boolean = false,
  keyCount?: number,
): MaybePromise<T> {
  core.lifecycle.assertOpen();
  return completeOnBackend(core, operation, kind, { signal, isCommitAwaited, keyCount }, invoke);
}

/** As {@link callBackend}, for work that began while the cache was open: it may finish while the cache is closing. */
export function completeOnBackend<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  options: BackendCallOptions,
  invoke: Invoke<T>,
): MaybePromise<T> {
  const { signal, isValueEnough } = options;
  signal?.throwIfAborted();
  const isRemote = options.isRemote ?? !core.backend.capabilities.local;
  if (isRemote || !core.lifecycle.isReadyNow()) {
    return callWithLimits(core, operation, kind, options, invoke);
  }
  const context = { signal, isValueEnough };
  if (core.events.wants("operation")) return invokeObserved(core, operation, context, invoke);
  try {
    return adoptThenable(invoke(core.backend, context)) as MaybePromise<T>;
  } catch (error) {
    throw translateStoreError(core, operation, error, signal);
  }
}

/** {@link callBackend} bound to a cache and a caller's signal, as mechanisms take it: they compare versions, so the answers are the store's own. */
export function bindBackendCall(core: CacheCore, signal: AbortSignal | undefined): BackendCall {
  return (operation, kind, invoke) => callBackend(core, operation, kind, signal, invoke, true);
}

function callWithLimits<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  options: BackendCallOptions,
  invoke: Invoke<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    new InvokedCall(core, operation, kind, options, { invoke, resolve, reject }).start();
  });
}
