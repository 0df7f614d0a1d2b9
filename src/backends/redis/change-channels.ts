import type { ShardChannel } from "../../clients/redis/redis-client.ts";
import { changesChannel, SHARD_COUNT, shardChangesChannel, slotOfShard, TAG_SLOT } from "./redis-key-layout.ts";

/**
 * Where changes are told.
 *
 * In a cluster that has sharded pub/sub each shard has a channel in its own slot, and tags have one, so that what is told stays on the servers of that slot; the channel for all, which every
 * node of the cluster hears over its bus, is for what nobody heard there: processes of before, and those of which a slot has just moved away.
 */
export interface ChangeChannels {
  /** The channel for all. */
  ofAll(): string;
  /** Where changes of a shard are told; scripts say it on {@link ChangeChannels.ofAll} too, where nobody hears it. */
  ofShard(shard: number): string;
  /** Where invalidations of tags are told. */
  ofTags(): string;
  /** All channels that are kept to slots. */
  sharded(): readonly ShardChannel[];
}

/**
 * The channels of a store.
 *
 * @param database asked at each use, for it is known only when the store is connected
 * @param isSharded whether the server takes messages on channels of slots; as `database`
 */
export function createChangeChannels(database: () => number, isSharded: () => boolean): ChangeChannels {
  // Asked for by every call, and the same as long as the database is.
  let names: readonly string[] = [];
  let namesDatabase: number | undefined;
  const shardName = (shard: number): string => {
    if (namesDatabase !== database()) {
      namesDatabase = database();
      names = Array.from({ length: SHARD_COUNT }, (_, each) => shardChangesChannel(database(), each));
    }
    return names[shard] as string;
  };
  const ofAll = (): string => changesChannel(database());
  const tagsName = (): string => shardChangesChannel(database(), undefined);
  return {
    ofAll,
    ofShard: (shard) => (isSharded() ? shardName(shard) : ofAll()),
    ofTags: () => (isSharded() ? tagsName() : ofAll()),
    sharded: () => [
      ...Array.from({ length: SHARD_COUNT }, (_, shard) => ({ name: shardName(shard), slot: slotOfShard(shard) })),
      { name: tagsName(), slot: TAG_SLOT },
    ],
  };
}
