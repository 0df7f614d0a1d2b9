const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when a signal is aborted. However many callers listen, the signal has one listener of ours: Node.js
 * warns of a leak from the eleventh on, and a request's signal is easily handed to more calls than that.
 *
 * @param signal must not be aborted yet: an aborted signal never fires again
 * @returns a function that stops listening
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = callbacksOf.get(signal) ?? listen(signal);
  // Wrapped, so that the same function given twice is two callbacks.
  const entry = (): void => callback();
  callbacks.add(entry);
  return () => {
    callbacks.delete(entry);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  callbacksOf.set(signal, callbacks);
  const fire = (): void => {
    callbacksOf.delete(signal);
    for (const callback of callbacks) callback();
  };
  signal.addEventListener("abort", fire, { once: true });
  return callbacks;
}
