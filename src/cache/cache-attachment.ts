/** Something that watches a cache from its first call until it is closed: metrics, traces, a log. */
export interface CacheAttachment {
  /** What it is, to begin a sentence, for example `"Metrics"`. */
  readonly name: string;
  /** Loads what it needs and begins; told before the first call is answered. Tried again by the next call when it fails. @throws DependencyError when a package is missing */
  open(): Promise<void>;
  /** Says its last words and frees what it holds. Also told when `open` was never called, or failed. */
  close(): Promise<void>;
}
