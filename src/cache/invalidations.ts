import { fromStoredKey, namespaceOf, toStoredKey } from "../entry/namespace-path.ts";
import { resolveTags } from "../entry/tag.ts";
import { InvalidArgumentError, UnsupportedOperationError } from "../foundation/errors.ts";
import { assertOptions } from "./assert-options.ts";
import { deleteCheckedKeys } from "./batches.ts";
import { callBackend } from "./call-backend.ts";
import { changeAndDetach } from "./invalidating-write.ts";
import type { CallOptions, KeysOptions } from "./options.ts";
import { signalOf } from "./resolve-options.ts";
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

/** `Cache.clear`. */
export async function clearView(scope: ViewScope, options: CallOptions | undefined): Promise<void> {
  const signal = signalOf(options);
  const { core, path } = scope;
  core.lifecycle.assertOpen();
  if (!core.backend.capabilities.clear) {
    throw new UnsupportedOperationError(
      "clear",
      `The store "${core.backend.name}" cannot clear a namespace. Use deleteByPrefix(""), or tags.`,
    );
  }
  await changeAndDetach(
    () => core.loads.detachNamespace(path),
    () => callBackend(core, "clear", "write", signal, (backend, context) => backend.clear!(path, context)),
  );
  if (core.events.wants("clear")) core.events.emit("clear", { namespace: path });
}

/** `Cache.keys`. Arguments are checked at once; the store is asked when iteration begins. */
export function listKeys(scope: ViewScope, options: KeysOptions | undefined): AsyncIterable<string> {
  assertOptions("keys", options);
  const prefix = options?.prefix ?? "";
  assertPrefix(prefix);
  assertScan(scope, "keys");
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
      for await (const slice of scanView(scope, prefix, options?.signal)) yield* slice;
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
  const storedPrefix = toStoredKey(scope.prefix, prefix);
  // Loads of keys that are not stored yet are not found by the scan, so all that match are detached, before and after.
  core.loads.detachPrefix(storedPrefix);
  let count = 0;
  try {
    for await (const slice of scanView(scope, prefix, signal)) count += await deleteCheckedKeys(scope, slice, signal);
  } finally {
    core.loads.detachPrefix(storedPrefix);
  }
  return count;
}

async function* scanView(
  scope: ViewScope,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[], void, undefined> {
  const { core, path } = scope;
  core.lifecycle.assertOpen();
  signal?.throwIfAborted();
  if (!core.lifecycle.isConnected) await core.lifecycle.connect();
  // In the root, an escaped key begins with "@:", which a plain prefix would miss: "" and "@…" are asked as they are stored.
  const storedPrefix = prefix === "" ? scope.prefix : toStoredKey(scope.prefix, prefix);
  for await (const slice of core.backend.scan!(storedPrefix, { signal })) {
    core.lifecycle.assertOpen();
    signal?.throwIfAborted();
    yield slice.filter((storedKey) => namespaceOf(storedKey) === path).map(fromStoredKey);
  }
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix === "string") return;
  throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "prefix", "prefix must be a string.");
}

function assertScan(scope: ViewScope, operation: string): void {
  const { backend } = scope.core;
  if (backend.capabilities.scan) return;
  throw new UnsupportedOperationError(
    operation,
    `The store "${backend.name}" cannot list its keys. Use tags or a namespace instead.`,
  );
}
