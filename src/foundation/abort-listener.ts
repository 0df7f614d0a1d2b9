/** Who is to be called back by a signal, and our one listener of it. */
interface Listening {
  readonly callbacks: Set<() => void>;
  readonly fire: () => void;
}

const listeningOf = new WeakMap<AbortSignal, Listening>();

/**
 * Calls back once when a signal is aborted. However many callers listen, the signal has one listener of ours: Node.js
 * warns of a leak from the eleventh on, and a request's signal is easily handed to more calls than that. It has none when nobody waits any more.
 *
 * @param signal must not be aborted yet: an aborted signal never fires again
 * @returns a function that stops listening
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listening = listeningOf.get(signal) ?? listen(signal);
  const { callbacks } = listening;
  // Wrapped, so that the same function given twice is two callbacks.
  const entry = (): void => callback();
  callbacks.add(entry);
  return () => {
    if (!callbacks.delete(entry) || callbacks.size > 0 || listeningOf.get(signal) !== listening) return;
    listeningOf.delete(signal);
    signal.removeEventListener("abort", listening.fire);
  };
}

function listen(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const fire = (): void => {
    listeningOf.delete(signal);
    for (const callback of callbacks) callback();
  };
  const listening = { callbacks, fire };
  listeningOf.set(signal, listening);
  signal.addEventListener("abort", fire, { once: true });
  return listening;
}
