/** The receipt of a committed write: names exactly what was written. */
export interface WriteReceipt {
  /** The key, as the caller gave it. */
  readonly key: string;
  /** Version of the entry; 0 when the write left the key absent (a TTL of 0), or waits to be written behind, so that it has none yet. */
  readonly version: number;
  /** The incarnation of the store that gave out the version. Versions of different epochs cannot be compared. */
  readonly epoch: string;
  /** Whether no other process can still serve the old value. */
  readonly coherent: boolean;
}
