import { BackendError, GocachexError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";

/**
 * The one place where a store's failure is survived: `getOrSet` goes on without the store. It always leaves an event,
 * and what is not a store's failure is thrown on.
 */
export function absorbStoreError(core: CacheCore, operation: string, error: unknown): void {
  if (!(error instanceof BackendError) && error instanceof GocachexError) throw error;
  if (core.events.wants("error")) core.events.emit("error", { operation, error });
}
