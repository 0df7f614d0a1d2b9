import type { MaybePromise } from "../backend/backend.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import type { CacheCore } from "./cache-core.ts";
import { completeOnBackend } from "./call-backend.ts";

/**
 * Removes an entry if it still has a version: what somebody else has written since stays. In one atomic step where the
 * store can; else by looking first, which leaves the time between the look and the delete.
 * Failures are absorbed: the caller can do nothing about them, and the entry ends by its TTL.
 */
export function removeVersion(core: CacheCore, storedKey: string, version: number): MaybePromise<void> {
  try {
    const removed = tryRemoveVersion(core, storedKey, version);
    if (removed instanceof Promise) return removed.catch((error: unknown) => absorbStoreError(core, "delete", error));
  } catch (error) {
    absorbStoreError(core, "delete", error);
  }
}

/**
 * Removes what a write left behind that was given up at its deadline and arrived all the same, after an invalidation.
 * Nobody knows its version, so whatever stands under the key goes: a miss is the worst that can come of it.
 */
export async function withdrawLateWrite(core: CacheCore, storedKey: string): Promise<void> {
  try {
    await completeOnBackend(core, "delete", "write", { signal: undefined }, (backend, context) =>
      backend.delete(storedKey, context),
    );
  } catch (error) {
    absorbStoreError(core, "delete", error);
  }
}

/**
 * Removes what was kept of a key beyond its TTL. No store does that on condition of its version, so at a remote one a write that comes between goes with it: a miss is
 * the worst that can come of it. Failures are absorbed.
 */
export function removeStale(core: CacheCore, storedKey: string): MaybePromise<void> {
  try {
    const removed = completeOnBackend(core, "delete", "write", { signal: undefined }, (backend, context) =>
      backend.delete(storedKey, context),
    );
    if (!(removed instanceof Promise)) return;
    return removed.then(
      () => undefined,
      (error: unknown) => absorbStoreError(core, "delete", error),
    );
  } catch (error) {
    absorbStoreError(core, "delete", error);
  }
}

function tryRemoveVersion(core: CacheCore, storedKey: string, version: number): MaybePromise<void> {
  if (core.backend.capabilities.transactions === "none") return removeIfSeen(core, storedKey, version);
  const checks = [{ key: storedKey, version }];
  const writes = [{ key: storedKey, write: undefined }];
  const committed = completeOnBackend(core, "delete", "write", { signal: undefined }, (backend, context) =>
    backend.commit!(checks, writes, context),
  );
  return committed instanceof Promise ? committed.then(() => undefined) : undefined;
}

async function removeIfSeen(core: CacheCore, storedKey: string, version: number): Promise<void> {
  const entry = await completeOnBackend(core, "get", "read", { signal: undefined }, (backend, context) =>
    backend.get(storedKey, context),
  );
  if (entry?.version === version) await withdrawLateWrite(core, storedKey);
}
