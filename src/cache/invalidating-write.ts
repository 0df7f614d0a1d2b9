import type { MaybePromise } from "../backend/backend.ts";

/**
 * Carries out a change and detaches the loads it outdates.
 *
 * Loads are detached before the change, so that nobody joins one while the change is on its way, and after it: a load
 * that began in between read the source before the change was committed, and must not store what it read.
 */
export function changeAndDetach<T>(detach: () => void, change: () => MaybePromise<T>): MaybePromise<T> {
  detach();
  const result = change();
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value) => {
      detach();
      return value;
    },
    (error: unknown) => {
      // The change may have happened all the same: its outcome is unknown to us, not to the store.
      detach();
      throw error;
    },
  );
}
