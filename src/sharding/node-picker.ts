/** A node as pickers see it. */
export interface PickerNode {
  /** Its identity: where a key lives follows from names, so a name must stay when an address changes, and means the same in every process. */
  readonly name: string;
  /** Its share, relative to the others'; > 0. */
  readonly weight: number;
}

/** How keys find their nodes. */
export type ShardingAlgorithm = "consistent" | "ketama" | "rendezvous" | "jump" | "hash" | "range";

/**
 * Maps keys to nodes. Immutable: other nodes are another picker. The same nodes and settings give the same mapping in every process, for ever;
 * `test/compat/sharding` holds what it is.
 */
export interface NodePicker {
  readonly algorithm: ShardingAlgorithm;
  /** The nodes in the order they were given; results are indexes into it. */
  readonly nodes: readonly PickerNode[];
  /** The node of a key. */
  pick(key: string): number;
  /**
   * The node that stands in for a key when some are away: the first in the key's own order that is not excluded, so that the keys of one
   * node spread over all others.
   *
   * @returns -1 when all are excluded
   */
  pickNext(key: string, isExcluded: (node: number) => boolean): number;
}

/** What pickers are made with, besides the nodes. */
export interface PickerSettings {
  /** `consistent`: points of a node of weight 1 on the ring. Default: 4,096, for shares within 5 % of each other. */
  readonly replicas?: number | undefined;
  /** `hash` and `range`: parts that keys are split into. Default: the number of nodes. */
  readonly shards?: number | undefined;
  /** `range`: the first keys of all parts but the first, ascending. Default: even parts of the printable ASCII range. */
  readonly splitPoints?: readonly string[] | undefined;
}
