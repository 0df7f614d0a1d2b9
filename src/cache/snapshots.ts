import { UnsupportedOperationError } from "../foundation/errors.ts";
import type { SnapshotSource } from "../memory/snapshot/byte-source.ts";
import { ChangeWatch } from "../memory/snapshot/change-watch.ts";
import { type DumpResult, dumpSnapshot, type SnapshotContext } from "../memory/snapshot/dump-snapshot.ts";
import { type LoadResult, loadSnapshot } from "../memory/snapshot/load-snapshot.ts";
import type { SnapshotTarget } from "../memory/snapshot/open-sink.ts";
import { type SnapshotBackend, snapshotStoreOf } from "../memory/snapshot/snapshot-store.ts";
import type { CallOptions } from "./options.ts";
import { signalOf } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

/** `Cache.dump`. */
export async function dumpView(
  scope: ViewScope,
  target: SnapshotTarget,
  options: CallOptions | undefined,
): Promise<DumpResult> {
  const context = contextOf(scope, "dump", signalOf(options));
  return scope.core.lifecycle.track(dumpSnapshot(target, context));
}

/** `Cache.load`. */
export async function loadView(
  scope: ViewScope,
  source: SnapshotSource,
  options: CallOptions | undefined,
): Promise<LoadResult> {
  const context = contextOf(scope, "load", signalOf(options));
  const changes = new ChangeWatch();
  // Before the first step of the load: a change that nobody saw could be undone by it.
  const stopWatching = scope.core.loads.watchChanges(changes);
  try {
    return await scope.core.lifecycle.track(loadSnapshot(source, { ...context, changes }));
  } finally {
    stopWatching();
  }
}

function contextOf({ core, path }: ViewScope, operation: string, signal: AbortSignal | undefined): SnapshotContext {
  core.lifecycle.assertOpen();
  signal?.throwIfAborted();
  const { backend, clock, scheduler } = core;
  if (!("inspect" in backend)) {
    throw new UnsupportedOperationError(
      operation,
      `The store "${backend.name}" keeps its entries itself. Snapshots are for the memory backend.`,
    );
  }
  return { store: snapshotStoreOf(backend as unknown as SnapshotBackend), namespace: path, clock, scheduler, signal };
}
