/**
 * Waits, or returns early when the signal is aborted. Does not throw.
 *
 * @param {number} durationMs
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(durationMs, signal) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener("abort", end, { once: true });
  });
}
