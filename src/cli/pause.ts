/**
 * Waits, but not beyond the end of something else.
 *
 * @param ended once it is aborted, waiting is over
 * @returns whether the whole time went by
 */
export function pauseUnless(ended: AbortSignal, durationMs: number): Promise<boolean> {
  if (ended.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onEnd = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(
      () => {
        // Taken off, or a command that waits every second for days would fill the signal with listeners.
        ended.removeEventListener("abort", onEnd);
        resolve(true);
      },
      Math.max(0, durationMs),
    );
    ended.addEventListener("abort", onEnd, { once: true });
  });
}

/** What {@link unlessEnded} returns when the end came first. */
export const ENDED: unique symbol = Symbol("ended");

/**
 * Waits for work, but not beyond the end of something else; the work then goes on without anybody to wait for it.
 *
 * @param ended once it is aborted, waiting is over
 * @throws what the work rejects with
 */
export function unlessEnded<Result>(ended: AbortSignal, work: Promise<Result>): Promise<Result | typeof ENDED> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => resolve(ENDED);
    if (ended.aborted) onEnd();
    ended.addEventListener("abort", onEnd, { once: true });
    const done = (): void => ended.removeEventListener("abort", onEnd);
    work.then(
      (result) => {
        done();
        resolve(result);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}
