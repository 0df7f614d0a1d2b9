import { BackendError, GocachexError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";

/**
 * What a caller is told of a store's failure: errors of the family and the caller's own abort reason as they are, all
 * else as a `BackendError` with the store's words as the cause.
 */
export function translateStoreError(
  core: CacheCore,
  operation: string,
  error: unknown,
  signal: AbortSignal | undefined,
): unknown {
  if (error instanceof GocachexError || (signal?.aborted && error === signal.reason)) return error;
  const { name } = core.backend;
  const message = `${name}: "${operation}" failed. The cause has the store's own words.`;
  return new BackendError("GCX_BACKEND_FAILED", name, operation, message, { cause: error });
}
