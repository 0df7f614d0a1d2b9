/** Where a shard stood in the moment of a read. */
export interface ShardStamp {
  /** The shard, from 0. */
  readonly shard: number;
  /** The newest version that the shard had given out. */
  readonly head: number;
  /** Id of the shard's data. */
  readonly epoch: string;
}
