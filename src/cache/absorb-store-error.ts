import { BackendError, GocachexError, UnreadableValueError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";

/**
 * The one place where a store's failure is survived: `getOrSet` goes on without the store. It always leaves an event,
 * and what is not a store's failure is thrown on.
 */
export function absorbStoreError(core: CacheCore, operation: string, error: unknown): void {
  // A value that cannot be read is no reason to fail where it can be loaded.
  const isOfStore = error instanceof BackendError || error instanceof UnreadableValueError;
  if (!isOfStore && error instanceof GocachexError) throw error;
  if (core.events.wants("error")) core.events.emit("error", { operation, error });
}
