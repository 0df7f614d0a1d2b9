import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../backend/stored-entry.ts";
import { withoutMovedTags } from "./moved-keys.ts";
import { gatherParts, type NodePart } from "./node-outcomes.ts";
import { prepareChange, type ShardParts, translateWrite } from "./shard-parts.ts";
import { keyAt, type Place, type Shards } from "./shards.ts";

/** The keys of a batch that live at one place, with where in the batch they stood. */
interface PlaceGroup {
  readonly place: Place;
  readonly keys: string[];
  readonly positions: number[];
}

function splitByPlace(shards: Shards, keys: readonly string[]): PlaceGroup[] {
  const groups = new Map<Place, PlaceGroup>();
  for (let position = 0; position < keys.length; position += 1) {
    const key = keys[position] as string;
    const place = shards.placeOf(key);
    let group = groups.get(place);
    if (group === undefined) {
      group = { place, keys: [], positions: [] };
      groups.set(place, group);
    }
    group.keys.push(keyAt(place, key));
    group.positions.push(position);
  }
  return [...groups.values()];
}

/** Calls once for each place, all at the same time. */
function callPlaces<T>(
  { shards }: ShardParts,
  operation: string,
  context: OperationContext,
  groups: readonly PlaceGroup[],
  call: (group: PlaceGroup) => Promise<T>,
): Promise<T[]> {
  assertWanted(context);
  const parts = groups.map((group): NodePart<T> => {
    return { node: group.place.node, count: group.keys.length, call: () => call(group) };
  });
  return gatherParts(shards.name, operation, parts, context);
}

/** `getMulti` of a sharded store. Rejects when a node fails: a key that nobody could be asked for is no miss. */
export function getKeys(
  parts: ShardParts,
  keys: readonly string[],
  context: OperationContext,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  return readKeys(parts, "getMulti", keys, context, (backend, own) => backend.getMulti(own, context));
}

/** `getStale` of a sharded store, as {@link getKeys}. Copies of hot keys are not asked. */
export function getStaleKeys(
  parts: ShardParts,
  keys: readonly string[],
  context: OperationContext,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  return readKeys(parts, "getStale", keys, context, (backend, own) =>
    (backend as Required<Backend>).getStale(own, context),
  );
}

async function readKeys(
  parts: ShardParts,
  operation: string,
  keys: readonly string[],
  context: OperationContext,
  read: (backend: Backend, keys: readonly string[]) => MaybePromise<ReadonlyArray<StoredEntry | undefined>>,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  await parts.shards.ready(context);
  const found: (StoredEntry | undefined)[] = new Array(keys.length).fill(undefined);
  await callPlaces(parts, operation, context, splitByPlace(parts.shards, keys), async (group) => {
    const { place, positions } = group;
    const entries = await place.node.call(operation, context, (backend) => read(backend, group.keys));
    for (let index = 0; index < positions.length; index += 1) {
      found[positions[index] as number] = withoutMovedTags(entries[index]);
    }
  });
  return found;
}

/** `setMulti` of a sharded store. What was written at nodes that did not fail stays. */
export async function setKeys(
  parts: ShardParts,
  items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
  context: OperationContext,
): Promise<readonly WriteResult[]> {
  const keys = items.map(([key]) => key);
  await prepareChange(parts, keys, "setMulti", context);
  const results: WriteResult[] = new Array(items.length);
  try {
    await callPlaces(parts, "setMulti", context, splitByPlace(parts.shards, keys), async (group) => {
      const writes: [string, EntryWrite][] = [];
      const positions: number[] = [];
      for (const [index, position] of group.positions.entries()) {
        const [, write] = items[position] as readonly [string, EntryWrite];
        const translated = translateWrite(parts, write, group.place);
        // A stamp that nobody knows refuses, as in `set`; a batch is not told what is there instead.
        if (translated === undefined) results[position] = { stored: false, version: 0 };
        else {
          writes.push([group.keys[index] as string, translated]);
          positions.push(position);
        }
      }
      if (writes.length === 0) return;
      const written = await group.place.node.call("setMulti", context, (backend) => backend.setMulti(writes, context));
      for (const [index, position] of positions.entries()) results[position] = written[index] as WriteResult;
    });
  } finally {
    await parts.hotKeys?.dropCopies(keys);
  }
  return results;
}

/** `deleteMulti` of a sharded store. */
export async function deleteKeys(
  parts: ShardParts,
  keys: readonly string[],
  context: OperationContext,
): Promise<number> {
  await prepareChange(parts, keys, "deleteMulti", context);
  try {
    const counts = await callPlaces(parts, "deleteMulti", context, splitByPlace(parts.shards, keys), (group) =>
      group.place.node.call("deleteMulti", context, (backend) => backend.deleteMulti(group.keys, context)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await parts.hotKeys?.dropCopies(keys);
  }
}
