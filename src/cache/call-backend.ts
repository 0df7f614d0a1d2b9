import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { BackendCall, CallKind } from "../backend/backend-call.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { BackendError, BackendTimeoutError, GocachexError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";

type Invoke<T> = (backend: Backend, context: OperationContext) => MaybePromise<T>;

/**
 * The one way from the cache to its store. A connected local store is called straight through and answers
 * synchronously; any other gets the connection, the deadline, the caller's signal, and its errors translated.
 */
export function callBackend<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  signal: AbortSignal | undefined,
  invoke: Invoke<T>,
): MaybePromise<T> {
  core.lifecycle.assertOpen();
  return completeOnBackend(core, operation, kind, signal, invoke);
}

/** As {@link callBackend}, for work that began while the cache was open: it may finish while the cache is closing. */
export function completeOnBackend<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  signal: AbortSignal | undefined,
  invoke: Invoke<T>,
): MaybePromise<T> {
  signal?.throwIfAborted();
  if (core.backend.capabilities.local && core.lifecycle.isConnected) return invoke(core.backend, { signal });
  return core.lifecycle.track(callWithLimits(core, operation, kind, signal, invoke));
}

/** {@link callBackend} bound to a cache and a caller's signal, as mechanisms take it. */
export function bindBackendCall(core: CacheCore, signal: AbortSignal | undefined): BackendCall {
  return (operation, kind, invoke) => callBackend(core, operation, kind, signal, invoke);
}

async function callWithLimits<T>(
  core: CacheCore,
  operation: string,
  kind: CallKind,
  signal: AbortSignal | undefined,
  invoke: Invoke<T>,
): Promise<T> {
  const { backend, scheduler, deadlines } = core;
  if (!core.lifecycle.isConnected) {
    await waitWithin(core.lifecycle.connect(), {
      signal,
      timeoutMs: Number.POSITIVE_INFINITY,
      onTimeout: () => undefined,
      scheduler,
    });
  }
  const timeoutMs = kind === "read" ? deadlines.readMs : deadlines.writeMs;
  const controller = new AbortController();
  const onTimeout = (): BackendError =>
    kind === "read"
      ? new BackendTimeoutError(backend.name, operation, timeoutMs)
      : // The bytes may have left, so nobody can say that nothing happened.
        new OutcomeUnknownError(backend.name, operation);
  try {
    const answer = Promise.resolve(invoke(backend, { signal: controller.signal }));
    return await waitWithin(answer, { signal, timeoutMs, onTimeout, scheduler });
  } catch (error) {
    controller.abort(error);
    if (error instanceof GocachexError || (signal?.aborted && error === signal.reason)) throw error;
    throw new BackendError(
      "GCX_BACKEND_FAILED",
      backend.name,
      operation,
      `${backend.name}: "${operation}" failed. The cause has the store's own words.`,
      { cause: error },
    );
  }
}
