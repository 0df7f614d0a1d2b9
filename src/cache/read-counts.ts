/** Reads of one cache, by who answered. Plain numbers, so that counting a hit in memory allocates nothing. */
export interface ReadCounts {
  /** Reads that memory answered in the step in which they were asked: the nearest tier has the value. */
  directHits: number;
  /** Reads that memory, as the only store, answered so with "there is none". */
  directMisses: number;
  /** Hits of all other reads, by the tier that answered. */
  readonly hitsByTier: Map<string, number>;
}

/** Counts at zero. */
export function createReadCounts(): ReadCounts {
  return { directHits: 0, directMisses: 0, hitsByTier: new Map() };
}
