/**
 * As `Promise.all`, but a failure is told only when nothing is under way any more: a caller who then writes one of the same keys must not be overtaken by what was begun before,
 * as by a command that its client still tries to send to a server that comes back. O(calls).
 *
 * @throws what the first call that failed did with
 */
export async function settleAll<T>(calls: readonly (T | PromiseLike<T>)[]): Promise<T[]> {
  try {
    return await Promise.all(calls);
  } catch (error) {
    await Promise.allSettled(calls);
    throw error;
  }
}
