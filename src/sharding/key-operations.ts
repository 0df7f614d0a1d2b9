import type { Backend, OperationContext } from "../backend/backend.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { CounterRequest, CounterResult } from "../backend/counter.ts";
import type { LeaseOutcome, LeaseRequest } from "../backend/lease.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../backend/stored-entry.ts";
import { withoutMovedTags } from "./moved-keys.ts";
import { prepareChange, type ShardParts, translateWrite } from "./shard-parts.ts";
import { keyAt, type Place } from "./shards.ts";

/** `get` of a sharded store. */
export async function getKey(
  parts: ShardParts,
  key: string,
  context: OperationContext,
): Promise<StoredEntry | undefined> {
  await parts.shards.ready(context);
  const copied = await parts.hotKeys?.read(key, context);
  if (copied !== undefined) return copied.entry;
  return withoutMovedTags(await readPlace(parts.shards.placeOf(key), "get", key, context));
}

function readPlace(
  place: Place,
  operation: string,
  key: string,
  context: OperationContext,
): Promise<StoredEntry | undefined> {
  return place.node.call(operation, context, (backend) => backend.get(keyAt(place, key), context));
}

/** `set` of a sharded store. */
export async function setKey(
  parts: ShardParts,
  key: string,
  write: EntryWrite,
  context: OperationContext,
): Promise<WriteResult> {
  return changeKey(parts, "set", key, context, async (place) => {
    const translated = translateWrite(parts, write, place);
    if (translated === undefined) return refuse(place, key, context);
    const result = await place.node.call("set", context, (backend) =>
      backend.set(keyAt(place, key), translated, context),
    );
    const { stored, version, previous } = result;
    return previous === undefined ? result : { stored, version, previous: withoutMovedTags(previous) };
  });
}

/** A write that a stamp refuses which nobody knows any more. */
async function refuse(place: Place, key: string, context: OperationContext): Promise<WriteResult> {
  const entry = await readPlace(place, "set", key, context);
  return { stored: false, version: entry?.version ?? 0 };
}

/** `delete` of a sharded store. */
export function deleteKey(parts: ShardParts, key: string, context: OperationContext): Promise<boolean> {
  return changeKey(parts, "delete", key, context, (place) =>
    place.node.call("delete", context, (backend) => backend.delete(keyAt(place, key), context)),
  );
}

/** `expire` of a sharded store. */
export function expireKey(parts: ShardParts, key: string, ttlMs: number, context: OperationContext): Promise<boolean> {
  return changeKey(parts, "expire", key, context, (place) =>
    place.node.call("expire", context, (backend) => backend.expire(keyAt(place, key), ttlMs, context)),
  );
}

/** `increment` of a sharded store. */
export function incrementKey(
  parts: ShardParts,
  key: string,
  request: CounterRequest,
  context: OperationContext,
): Promise<CounterResult> {
  return changeKey(parts, "increment", key, context, (place) =>
    place.node.call("increment", context, (backend) =>
      (backend as Required<Backend>).increment(keyAt(place, key), request, context),
    ),
  );
}

/** `commit` of a sharded store: at the one node that has all the keys. */
export async function commitKeys(
  parts: ShardParts,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
  context: OperationContext,
): Promise<CommitResult> {
  const checkedKeys = checks.map(({ key }) => key);
  const writtenKeys = writes.map(({ key }) => key);
  if (checks.length + writes.length === 0) return { committed: true, versions: [] };
  await parts.shards.ready(context);
  // Before anything is changed: a transaction that cannot be is refused without a trace.
  parts.shards.commonPlace([...checkedKeys, ...writtenKeys], "transaction");
  await prepareChange(parts, writtenKeys, "commit", context);
  const place = parts.shards.commonPlace([...checkedKeys, ...writtenKeys], "transaction");
  const placedWrites: KeyWrite[] = [];
  for (const { key, write } of writes) {
    const translated = write === undefined ? undefined : translateWrite(parts, write, place);
    if (write !== undefined && translated === undefined) return { committed: false, versions: [] };
    placedWrites.push({ key: keyAt(place, key), write: translated });
  }
  const placedChecks = checks.map(({ key, version }) => ({ key: keyAt(place, key), version }));
  try {
    return await place.node.call("commit", context, (backend) =>
      (backend as Required<Backend>).commit(placedChecks, placedWrites, context),
    );
  } finally {
    await parts.hotKeys?.dropCopies(writtenKeys);
  }
}

/**
 * `lease` of a sharded store: always at the key's own node, never at one that stands in. Another node knows neither who holds the lease nor the last
 * token; a lease that cannot be had is safe, two that are held at once are not.
 */
export async function leaseKey(
  { shards }: ShardParts,
  request: LeaseRequest,
  context: OperationContext,
): Promise<LeaseOutcome> {
  const { node } = shards.homeOf(request.key);
  return node.call("lease", context, (backend) => (backend as Required<Backend>).lease(request, context));
}

/** Changes a key at its place; copies of it are dropped when that is over, also when its outcome is unknown. */
async function changeKey<T>(
  parts: ShardParts,
  operation: string,
  key: string,
  context: OperationContext,
  change: (place: Place) => Promise<T>,
): Promise<T> {
  await prepareChange(parts, [key], operation, context);
  try {
    return await change(parts.shards.placeOf(key));
  } finally {
    await parts.hotKeys?.dropCopies([key]);
  }
}
