import { isWithinNamespace, namespaceOf, ROOT_NAMESPACE, storedPrefix, toStoredKey } from "../entry/namespace-path.ts";
import { resolveTags } from "../entry/tag.ts";
import { InvalidArgumentError, UnsupportedOperationError } from "../foundation/errors.ts";
import { assertOptions } from "./assert-options.ts";
import { deleteCheckedKeys } from "./batches.ts";
import { callBackend } from "./call-backend.ts";
import { changeAndDetach } from "./invalidating-write.ts";
import type { CallOptions, KeysOptions } from "./options.ts";
import { signalOf } from "./resolve-options.ts";
import { assertScan, scanStored, scanView } from "./scan-view.ts";
import type { ViewScope } from "./view-scope.ts";

/** `Cache.invalidateTags`. */
export async function invalidateTags(
  scope: ViewScope,
  tags: readonly string[],
  options: CallOptions | undefined,
): Promise<void> {
  const unique = resolveTags(tags);
  const signal = signalOf(options);
  const { core } = scope;
  core.lifecycle.assertOpen();
  signal?.throwIfAborted();
  if (!core.backend.capabilities.tags) {
    throw new UnsupportedOperationError(
      "invalidateTags",
      `The store "${core.backend.name}" keeps no tags. Delete by key or prefix.`,
    );
  }
  if (unique.length === 0) return;
  await changeAndDetach(
    () => core.loads.detachTags(unique),
    () =>
      callBackend(core, "invalidateTags", "write", signal, (backend, context) =>
        backend.invalidateTags!(unique, context),
      ),
  );
  if (core.events.wants("invalidate")) core.events.emit("invalidate", { tags: unique, namespace: scope.path });
}

/** `Cache.clear`: in one step where the store can, else by listing and deleting. */
export async function clearView(scope: ViewScope, options: CallOptions | undefined): Promise<void> {
  const signal = signalOf(options);
  const { core, path } = scope;
  core.lifecycle.assertOpen();
  const { capabilities, name } = core.backend;
  if (!capabilities.clear && !capabilities.scan) {
    throw new UnsupportedOperationError(
      "clear",
      `The store "${name}" can neither clear a namespace nor list its keys. Use tags.`,
    );
  }
  await changeAndDetach(
    () => core.loads.detachNamespace(path),
    () =>
      capabilities.clear
        ? callBackend(core, "clear", "write", signal, (backend, context) => backend.clear!(path, context))
        : clearByScan(scope, signal),
  );
  if (core.events.wants("clear")) core.events.emit("clear", { namespace: path });
}

/** O(n). The namespaces inside this one have keys of their own shape, so everything of them is looked through. */
async function clearByScan(scope: ViewScope, signal: AbortSignal | undefined): Promise<void> {
  const { core, path } = scope;
  const common = path === ROOT_NAMESPACE ? "" : storedPrefix(path).slice(0, -1);
  for await (const slice of scanStored(scope, "clear", common, { signal, isStaleListed: true })) {
    const own = slice.filter((storedKey) => isWithinNamespace(namespaceOf(storedKey), path));
    if (own.length === 0) continue;
    await callBackend(core, "clear", "write", signal, (backend, context) => backend.deleteMulti(own, context), true);
  }
}

/** `Cache.keys`. Arguments are checked at once; the store is asked when iteration begins. */
export function listKeys(scope: ViewScope, options: KeysOptions | undefined): AsyncIterable<string> {
  assertOptions("keys", options);
  const prefix = options?.prefix === undefined ? "" : options.prefix;
  assertPrefix(prefix);
  assertScan(scope, "keys");
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
      for await (const slice of scanView(scope, prefix, { signal: options?.signal })) yield* slice;
    },
  };
}

/** `Cache.deleteByPrefix`. */
export async function deleteByPrefix(
  scope: ViewScope,
  prefix: string,
  options: CallOptions | undefined,
): Promise<number> {
  assertPrefix(prefix);
  const signal = signalOf(options);
  assertScan(scope, "deleteByPrefix");
  const { core } = scope;
  core.lifecycle.assertOpen();
  const outdated = toStoredKey(scope.prefix, prefix);
  // Loads of keys that are not stored yet are not found by the scan, so all that match are detached, before and after.
  core.loads.detachPrefix(outdated);
  let count = 0;
  try {
    const slices = scanView(scope, prefix, { signal, isStaleListed: true });
    for await (const slice of slices) count += await deleteCheckedKeys(scope, slice, signal, true);
  } finally {
    core.loads.detachPrefix(outdated);
  }
  return count;
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix === "string") return;
  throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "prefix", "prefix must be a string.");
}
