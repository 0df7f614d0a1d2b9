/** A target that is being written. */
export interface ByteSink {
  /** Writes a chunk. Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the stream. Resolves when it has taken everything. */
  finish(): Promise<void>;
  /** Destroys the stream: what it holds is no complete snapshot. */
  abandon(): void;
}

/** Waits for a promise, but not longer than the caller's signal allows. */
export type WaitForSink = <T>(promise: Promise<T>) => Promise<T>;
