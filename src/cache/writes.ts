import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { EntryWrite, WriteCondition, WriteResult } from "../backend/stored-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import { resolveTtlMs, type Ttl } from "../entry/ttl.ts";
import type { WriteReceipt } from "../entry/write-receipt.ts";
import { EntryTooLargeError, InvalidArgumentError, UnsupportedOperationError } from "../foundation/errors.ts";
import type { StalePolicy } from "../loading/entry-standing.ts";
import { awaitCoherence } from "./await-coherence.ts";
import type { CompareAndSetResult } from "./cache.ts";
import type { CacheCore } from "./cache-core.ts";
import { callBackend } from "./call-backend.ts";
import { changeAndDetach } from "./invalidating-write.ts";
import type { CallOptions, SetOptions, TtlOrSetOptions } from "./options.ts";
import { type ResolvedSet, resolveSet, signalOf } from "./resolve-options.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

/**
 * Refuses `undefined`.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_VALUE`
 */
export function assertValue(value: unknown): void {
  if (value !== undefined) return;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_VALUE",
    "value",
    "undefined cannot be stored: it means a miss. Store null for a known absence, or delete the key.",
  );
}

/** Refuses tags where the store keeps none. */
export function assertTagsSupported(core: CacheCore, tags: readonly string[]): void {
  if (tags.length === 0 || core.backend.capabilities.tags) return;
  throw new UnsupportedOperationError(
    "tags",
    `The store "${core.backend.name}" keeps no tags. Use a store that does, or delete by key.`,
  );
}

/** Refuses sliding TTLs where reads cannot renew one. */
export function assertSlidingSupported(core: CacheCore, sliding: boolean): void {
  if (!sliding || core.backend.capabilities.slidingTtl === true) return;
  throw new UnsupportedOperationError(
    "sliding",
    `The store "${core.backend.name}" cannot renew a TTL when it is read. Leave sliding out, or call expire() after reads.`,
  );
}

/** Refuses to keep entries beyond their TTL where the store cannot, and where reads move the TTL. */
export function assertStaleSupported(
  { backend }: CacheCore,
  { load, sliding }: { load: StalePolicy; sliding: boolean },
): void {
  if (load.graceMs === 0 && load.revalidateMs === 0) return;
  const option = load.graceMs > 0 ? "grace" : "staleWhileRevalidate";
  if (backend.capabilities.stale !== true) {
    throw new UnsupportedOperationError(
      option,
      `The store "${backend.name}" keeps nothing beyond its TTL. Leave ${option} out, or use a store that does.`,
    );
  }
  if (!sliding) return;
  throw new UnsupportedOperationError(
    option,
    `${option} and sliding exclude each other: an entry whose reads move its end is never over while it is read.`,
  );
}

/** What reads of a written entry start anew; `undefined`: nothing. */
export function slidingTtlOf({ sliding, ttlMs }: { sliding: boolean; ttlMs: number }): number | undefined {
  return sliding && ttlMs !== Number.POSITIVE_INFINITY ? ttlMs : undefined;
}

/** Counts and tells of an accepted write. */
export function recordSet(scope: ViewScope, key: string, version: number): void {
  scope.counters.sets += 1;
  const { events } = scope.core;
  if (events.wants("set")) events.emit("set", { key, namespace: scope.path, version });
}

/** Counts and tells of a delete that was carried out. */
export function recordDelete(scope: ViewScope, key: string, existed: boolean | undefined): void {
  if (existed === true) scope.counters.deletes += 1;
  const { events } = scope.core;
  if (events.wants("delete")) events.emit("delete", { key, namespace: scope.path, existed });
}

/** Tells of a value that was too large, when the error says so. */
export function recordRefusal(scope: ViewScope, key: string, error: unknown): void {
  const { events } = scope.core;
  if (!(error instanceof EntryTooLargeError) || !events.wants("refuse")) return;
  const { sizeBytes, limitBytes } = error;
  events.emit("refuse", { key, namespace: scope.path, sizeBytes, limitBytes });
}

/** `Cache.set`. */
export async function setValue(
  scope: ViewScope,
  key: string,
  value: unknown,
  ttlOrOptions: TtlOrSetOptions | undefined,
): Promise<WriteReceipt> {
  assertKey(key);
  assertValue(value);
  const resolved = resolveSet(ttlOrOptions, scope.defaults, scope.core.random);
  const { coherent, version } = await writeOne(scope, "set", key, value, resolved, {});
  return { key, version, epoch: scope.core.backend.epoch, coherent };
}

/** `Cache.delete`. */
export async function deleteKey(scope: ViewScope, key: string, options: CallOptions | undefined): Promise<boolean> {
  assertKey(key);
  const signal = signalOf(options);
  const existed = await removeStored(scope.core, "delete", storedKeyOf(scope, key), signal);
  recordDelete(scope, key, existed);
  return existed;
}

/** `Cache.setNX`. */
export async function setIfAbsent(
  scope: ViewScope,
  key: string,
  value: unknown,
  ttlOrOptions: TtlOrSetOptions | undefined,
): Promise<boolean> {
  assertKey(key);
  assertValue(value);
  assertConditional(scope.core, "setNX");
  const resolved = resolveSet(ttlOrOptions, scope.defaults, scope.core.random);
  const result = await writeOne(scope, "setNX", key, value, resolved, { condition: { kind: "absent" } });
  return result.stored;
}

/** `Cache.getSet`. */
export async function replaceValue(
  scope: ViewScope,
  key: string,
  value: unknown,
  ttlOrOptions: TtlOrSetOptions | undefined,
): Promise<unknown> {
  assertKey(key);
  assertValue(value);
  assertConditional(scope.core, "getSet");
  const resolved = resolveSet(ttlOrOptions, scope.defaults, scope.core.random);
  const result = await writeOne(scope, "getSet", key, value, resolved, { returnPrevious: true });
  return result.previous?.value;
}

/** `Cache.compareAndSet`. */
export async function compareAndSetValue(
  scope: ViewScope,
  key: string,
  expectedVersion: number,
  value: unknown,
  options: SetOptions | undefined,
): Promise<CompareAndSetResult> {
  assertKey(key);
  assertValue(value);
  assertConditional(scope.core, "compareAndSet");
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "expectedVersion",
      "expectedVersion must be a version from getEntry or a write, or 0 for an absent key.",
    );
  }
  const condition: WriteCondition =
    expectedVersion === 0 ? { kind: "absent" } : { kind: "version", version: expectedVersion };
  const resolved = resolveSet(options, scope.defaults, scope.core.random);
  const result = await writeOne(scope, "compareAndSet", key, value, resolved, { condition });
  return { ok: result.stored, version: result.version };
}

/** `Cache.expire`. */
export async function expireKey(
  scope: ViewScope,
  key: string,
  ttl: Ttl,
  options: CallOptions | undefined,
): Promise<boolean> {
  assertKey(key);
  const ttlMs = resolveTtlMs(ttl);
  const signal = signalOf(options);
  const storedKey = storedKeyOf(scope, key);
  const change = (): MaybePromise<boolean> =>
    callBackend(scope.core, "expire", "write", signal, (backend, context) => backend.expire(storedKey, ttlMs, context));
  // Ending an entry is an invalidation; only changing when it ends is not.
  return ttlMs === 0 ? changeAndDetach(() => scope.core.loads.detachKey(storedKey), change) : change();
}

/** Removes a stored key and detaches its loads. */
export function removeStored(
  core: CacheCore,
  operation: string,
  storedKey: string,
  signal: AbortSignal | undefined,
  isCommitAwaited: boolean = false,
): MaybePromise<boolean> {
  const remove = (backend: Backend, context: OperationContext): MaybePromise<boolean> =>
    backend.delete(storedKey, context);
  return changeAndDetach(
    () => core.loads.detachKey(storedKey),
    () => callBackend(core, operation, "write", signal, remove, isCommitAwaited),
  );
}

async function writeOne(
  scope: ViewScope,
  operation: string,
  key: string,
  value: unknown,
  resolved: ResolvedSet,
  extra: Pick<EntryWrite, "condition" | "returnPrevious">,
): Promise<WriteResult & { readonly coherent: boolean }> {
  const { core } = scope;
  assertTagsSupported(core, resolved.tags);
  assertSlidingSupported(core, resolved.sliding);
  const storedKey = storedKeyOf(scope, key);
  if (operation !== "set") assertLasting(operation, resolved.ttlMs);
  if (resolved.ttlMs === 0) {
    await removeStored(core, operation, storedKey, resolved.signal, resolved.waitsForAll);
    const coherent = await awaitCoherence(core, [{ storedKey, version: Number.POSITIVE_INFINITY }], resolved);
    return { stored: true, version: 0, coherent };
  }
  const write: EntryWrite = {
    value,
    ttlMs: resolved.ttlMs,
    slidingTtlMs: slidingTtlOf(resolved),
    tags: resolved.tags,
    ...extra,
  };
  const detach = (): void => core.loads.detachKey(storedKey);
  const put = (): MaybePromise<WriteResult> =>
    callBackend(
      core,
      operation,
      "write",
      resolved.signal,
      (backend, context) => backend.set(storedKey, write, context),
      resolved.waitsForAll,
    );
  try {
    // Not spread: a store may reckon the version when it is read.
    const { stored, version, previous } = await changeAndDetach(detach, put);
    if (!stored) return { stored, version, previous, coherent: true };
    recordSet(scope, key, version);
    const coherent =
      core.backend.awaitCoherence === undefined || (await awaitCoherence(core, [{ storedKey, version }], resolved));
    return { stored, version, previous, coherent };
  } catch (error) {
    recordRefusal(scope, key, error);
    throw error;
  }
}

/** A write that ends at once is a delete; where a condition or the previous value matters, say so with a delete or a transaction. */
function assertLasting(operation: string, ttlMs: number): void {
  if (ttlMs > 0) return;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_TTL",
    "ttl",
    `${operation} needs a ttl above 0. To end an entry, use delete or a transaction.`,
  );
}

function assertConditional(core: CacheCore, operation: string): void {
  if (core.backend.capabilities.conditionalWrites) return;
  throw new UnsupportedOperationError(
    operation,
    `The store "${core.backend.name}" cannot write on a condition. Use a store that can, or a lock elsewhere.`,
  );
}
