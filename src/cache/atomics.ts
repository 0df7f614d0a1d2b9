import { acquireLock } from "../atomic/acquire-lock.ts";
import { moveCounter } from "../atomic/counter.ts";
import type { Lock } from "../atomic/lock.ts";
import type { RetryPolicy } from "../atomic/optimistic-retry.ts";
import { runTransaction, type Transaction, type TransactionSetOptions } from "../atomic/transaction.ts";
import { updateEntry } from "../atomic/update.ts";
import type { Backend } from "../backend/backend.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import { jitterTtlMs, resolveTtlMs, type Ttl } from "../entry/ttl.ts";
import { InvalidArgumentError, UnsupportedOperationError } from "../foundation/errors.ts";
import { assertOptions } from "./assert-options.ts";
import { awaitCoherence } from "./await-coherence.ts";
import { collectKeys } from "./batches.ts";
import { bindBackendCall } from "./call-backend.ts";
import type { CounterOptions, LockOptions, OptimisticOptions, UpdateOptions } from "./options.ts";
import { remainingTtlMs } from "./reads.ts";
import {
  resolveLeaseMs,
  resolveMaxAttempts,
  resolveSetOptions,
  resolveText,
  resolveWaitMs,
} from "./resolve-options.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";
import { assertSlidingSupported, assertTagsSupported, recordDelete, recordSet, slidingTtlOf } from "./writes.ts";

/** `Cache.increment` (`direction` 1n) and `Cache.decrement` (-1n). */
export async function moveCounterBy(
  scope: ViewScope,
  key: string,
  delta: number | bigint,
  options: CounterOptions | undefined,
  direction: 1n | -1n,
): Promise<number | bigint> {
  assertKey(key);
  assertOptions("counter", options);
  const { core } = scope;
  const { tags, jitter } = scope.defaults;
  const fullTtlMs = options?.ttl === undefined ? scope.defaults.ttlMs : resolveTtlMs(options.ttl);
  const ttlMs = jitterTtlMs(Math.min(fullTtlMs, scope.defaults.maxTtlMs), jitter, core.random);
  if (ttlMs === 0) {
    throw new InvalidArgumentError("GCX_ARGUMENT_TTL", "ttl", "A counter needs a ttl above 0.");
  }
  const storedKey = storedKeyOf(scope, key);
  const ports = {
    ...retryPolicy(scope, undefined, options?.signal),
    call: bindBackendCall(core, options?.signal),
    capabilities: core.backend.capabilities,
    backendName: core.backend.name,
  };
  assertTagsSupported(core, tags);
  const opId = resolveText("opId", options?.opId);
  const move = { delta, direction, initial: options?.initial, ttlMs, tags, opId };
  core.lifecycle.assertOpen();
  core.loads.detachKey(storedKey);
  try {
    const { value, version } = await moveCounter(storedKey, move, ports);
    recordSet(scope, key, version);
    return typeof delta === "bigint" ? value : Number(value);
  } finally {
    core.loads.detachKey(storedKey);
  }
}

/** `Cache.update`. */
export async function updateValue<T>(
  scope: ViewScope,
  key: string,
  change: (current: T | undefined) => T | Promise<T>,
  options: UpdateOptions | undefined,
): Promise<T> {
  assertKey(key);
  assertOptions("update", options);
  const { core } = scope;
  if (typeof change !== "function") {
    throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "change", "update needs a function of the current value.");
  }
  assertConditionalUpdate(scope);
  const storedKey = storedKeyOf(scope, key);
  const detach = (): void => core.loads.detachKey(storedKey);
  let written = 0;
  try {
    const updated = await updateEntry(storedKey, change, {
      ...retryPolicy(scope, options?.maxAttempts, options?.signal),
      call: bindBackendCall(core, options?.signal),
      toWrite: (value, entry) => {
        detach();
        return toUpdateWrite(scope, value, entry, options);
      },
      onWritten: (version) => {
        detach();
        written = version;
        recordSet(scope, key, version);
      },
    });
    const waits = { waitsForAll: options?.ack === "all", signal: options?.signal };
    if (written > 0 && waits.waitsForAll) await awaitCoherence(core, [{ storedKey, version: written }], waits);
    return updated;
  } catch (error) {
    detach();
    throw error;
  }
}

/** `Cache.transaction`. */
export async function runCacheTransaction<R>(
  scope: ViewScope,
  keys: Iterable<string>,
  body: (tx: Transaction) => R | Promise<R>,
  options: OptimisticOptions | undefined,
): Promise<R> {
  const declared = collectKeys(keys);
  assertOptions("optimistic", options);
  const { core } = scope;
  if (typeof body !== "function") {
    throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "body", "transaction needs a function of the transaction.");
  }
  if (declared.length === 0) {
    throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "keys", "A transaction must declare at least one key.");
  }
  const storedKeys = declared.map((key) => storedKeyOf(scope, key));
  assertTransactions(scope, storedKeys);
  const detach = (changed: readonly string[]): void => {
    for (const storedKey of changed) core.loads.detachKey(storedKey);
  };
  return runTransaction(declared, body, {
    ...retryPolicy(scope, options?.maxAttempts, options?.signal),
    call: bindBackendCall(core, options?.signal),
    toStoredKey: (key) => storedKeyOf(scope, key),
    toWrite: (value, ttlOrOptions) => toTransactionWrite(scope, value, ttlOrOptions),
    onCommitting: (writes) => detach(writes.map((write) => write.key)),
    onCommitted: (writes, versions) => {
      detach(writes.map((write) => write.key));
      for (const [index, { key, write }] of writes.entries()) {
        if (write === undefined) recordDelete(scope, fromStoredKey(key), undefined);
        else recordSet(scope, fromStoredKey(key), versions[index] ?? 0);
      }
    },
  });
}

/** `Cache.lock`. */
export async function takeLock(scope: ViewScope, key: string, options: LockOptions): Promise<Lock> {
  assertKey(key);
  assertOptions("lock", options);
  const { core } = scope;
  if (options?.ttl === undefined) {
    throw new InvalidArgumentError("GCX_ARGUMENT_TTL", "ttl", "lock needs { ttl }: a lock without an end is a hang.");
  }
  if (!core.backend.capabilities.leases) {
    throw new UnsupportedOperationError(
      "lock",
      `The store "${core.backend.name}" has no leases. Use a store that has.`,
    );
  }
  core.lifecycle.assertOpen();
  return acquireLock(
    {
      storedKey: storedKeyOf(scope, key),
      ttlMs: resolveLeaseMs(options.ttl),
      waitMs: resolveWaitMs("wait", options.wait),
      signal: options.signal,
    },
    {
      // Not bound to the caller's signal: a lease that is on its way must be seen, to be kept or given back.
      call: bindBackendCall(core, undefined),
      clock: core.clock,
      scheduler: core.scheduler,
      random: core.random,
      queue: core.lockQueue,
      held: core.heldLocks,
      toTtlMs: resolveLeaseMs,
    },
  );
}

function retryPolicy(scope: ViewScope, maxAttempts: number | undefined, signal: AbortSignal | undefined): RetryPolicy {
  return {
    maxAttempts: resolveMaxAttempts(maxAttempts),
    signal,
    random: scope.core.random,
    scheduler: scope.core.scheduler,
    remainingTtlMs: (entry) => remainingTtlMs(scope, entry),
  };
}

function toUpdateWrite(
  scope: ViewScope,
  value: unknown,
  entry: StoredEntry | undefined,
  options: UpdateOptions | undefined,
): EntryWrite {
  const resolved = resolveSetOptions(options, scope.defaults, scope.core.random);
  assertTagsSupported(scope.core, resolved.tags);
  const keepsTtl = entry !== undefined && options?.ttl === undefined;
  const ttlMs = keepsTtl ? remainingTtlMs(scope, entry) : resolved.ttlMs;
  if (ttlMs === 0 && !keepsTtl) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_TTL",
      "ttl",
      "update needs a ttl above 0. To end an entry, use delete.",
    );
  }
  const tags = entry !== undefined && options?.tags === undefined ? entry.tags : resolved.tags;
  // An entry in its last instant is written with the shortest TTL; its condition fails if it is over by then.
  if (keepsTtl && options?.sliding === undefined && entry.slidingTtlMs !== undefined) {
    return { value, ttlMs: entry.slidingTtlMs, slidingTtlMs: entry.slidingTtlMs, tags };
  }
  const sliding = keepsTtl && options?.sliding === undefined ? false : resolved.sliding;
  assertSlidingSupported(scope.core, sliding);
  return { value, ttlMs: Math.max(ttlMs, 1), slidingTtlMs: slidingTtlOf({ sliding, ttlMs }), tags };
}

function toTransactionWrite(
  scope: ViewScope,
  value: unknown,
  ttlOrOptions: Ttl | TransactionSetOptions | undefined,
): EntryWrite | undefined {
  const isOptions = typeof ttlOrOptions === "object" && ttlOrOptions !== null;
  const options = isOptions ? ttlOrOptions : ttlOrOptions === undefined ? undefined : { ttl: ttlOrOptions };
  assertOptions("transactionSet", options);
  const { ttlMs, sliding, tags } = resolveSetOptions(options, scope.defaults, scope.core.random);
  assertTagsSupported(scope.core, tags);
  assertSlidingSupported(scope.core, sliding);
  return ttlMs === 0 ? undefined : { value, ttlMs, slidingTtlMs: slidingTtlOf({ sliding, ttlMs }), tags };
}

function assertConditionalUpdate(scope: ViewScope): void {
  const { backend } = scope.core;
  if (backend.capabilities.conditionalWrites) return;
  throw new UnsupportedOperationError("update", `The store "${backend.name}" cannot write on a condition.`);
}

/** Before any I/O: a transaction that the store cannot commit must not run its body first. */
function assertTransactions({ core: { backend } }: ViewScope, storedKeys: readonly string[]): void {
  const remedy = whyNotTogether(backend, storedKeys);
  if (remedy === undefined) return;
  throw new UnsupportedOperationError(
    "transaction",
    `The store "${backend.name}" cannot do a transaction over ${storedKeys.length === 1 ? "1 key" : `these ${storedKeys.length} keys`}. ${remedy}`,
  );
}

/** What to do when one commit cannot touch all of the keys; `undefined` when it can. */
function whyNotTogether(backend: Backend, storedKeys: readonly string[]): string | undefined {
  switch (backend.capabilities.transactions) {
    case "any-keys":
      return undefined;
    case "co-located":
      // Any key lives together with itself; a store need not be asked.
      if (storedKeys.length === 1 || backend.areColocated?.(storedKeys) === true) return undefined;
      return "They live on different servers: give keys that belong together a common {hash tag}, for example {order:7}:items and {order:7}:total, or keep them in one entry.";
    case "single-key":
      if (storedKeys.length === 1) return undefined;
      return "It can do it over one key: keep what belongs together in one entry, or use update().";
    case "none":
      return "Use a store that can, or a lock elsewhere.";
  }
}
