import type { OperationContext } from "../backend/backend.ts";
import type { EntryWrite } from "../backend/stored-entry.ts";
import type { HotKeys } from "./hot-keys.ts";
import type { MovedKeys } from "./moved-keys.ts";
import type { Place, Shards } from "./shards.ts";
import type { StampVectors } from "./stamp-vectors.ts";

/** What the operations of a sharded store share. */
export interface ShardParts {
  readonly shards: Shards;
  /** Present when every node keeps tags. */
  readonly stamps: StampVectors | undefined;
  /** Present when hot keys are copied. */
  readonly hotKeys: HotKeys | undefined;
  /** Keys whose entries may still be on their way to another node. */
  moved: MovedKeys | undefined;
}

/** Waits until places can be asked for, and until nothing older of the keys can appear after what follows. */
export async function prepareChange(
  { shards, moved, hotKeys }: ShardParts,
  keys: readonly string[],
  operation: string,
  context: OperationContext,
): Promise<void> {
  await shards.ready(context);
  hotKeys?.noteChange(keys);
  if (moved !== undefined) await moved.retire(keys, operation, context);
}

/**
 * A write as a node takes it: with its own stamp in place of the handle to everybody's.
 *
 * @returns `undefined` when there is no such stamp, so that nobody can say whether the write is still allowed
 */
export function translateWrite(parts: ShardParts, write: EntryWrite, place: Place): EntryWrite | undefined {
  if (write.tagsUnchangedSince === undefined) return write;
  const stamp = parts.stamps?.stampOf(write.tagsUnchangedSince, place.node.name);
  return stamp === undefined ? undefined : { ...write, tagsUnchangedSince: stamp };
}
