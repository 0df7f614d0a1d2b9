import type { CacheCore } from "./cache-core.ts";

/** A committed change of a stored key. */
export interface CommittedChange {
  readonly storedKey: string;
  readonly version: number;
}

/**
 * Waits until no process can serve what changes replaced, where that was asked for and processes keep copies.
 *
 * @returns whether that is certain
 * @throws the reason of the signal when that ended the wait; the changes are committed all the same
 */
export async function awaitCoherence(
  { backend, lifecycle }: CacheCore,
  changes: readonly CommittedChange[],
  { waitsForAll, signal }: { readonly waitsForAll: boolean; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  if (backend.awaitCoherence === undefined) return true;
  if (!waitsForAll) return false;
  lifecycle.enter();
  try {
    const settled = await Promise.all(
      changes.map(({ storedKey: key, version }) => backend.awaitCoherence?.({ key, version }, { signal })),
    );
    signal?.throwIfAborted();
    return settled.every((isCertain) => isCertain === true);
  } finally {
    lifecycle.leave();
  }
}
