/**
 * Makes bytes smaller and back. One object serves all values at once; what it must load is loaded by {@link Compressor.load}, once, before
 * anything else is called.
 */
export interface Compressor {
  /** The algorithm's name in the configuration, for example `"zstd"`. */
  readonly name: string;
  /** Its number in the envelope, 1–255. Part of the format: never changed, never given to something else. */
  readonly id: number;
  /**
   * Loads the library or finds the platform's function. Calls after the first share its result.
   *
   * @throws DependencyError `GCX_DEPENDENCY_MISSING` saying what to install
   */
  load(): Promise<void>;
  /** Whether {@link Compressor.load} has succeeded; always true for what the platform has. */
  readonly isLoaded: boolean;
  /** The compressed bytes; may be longer than the input, never an alias of it. Blocks: some 2 to 20 ns a byte. */
  compressSync(bytes: Uint8Array): Uint8Array;
  /** As {@link Compressor.compressSync}, in the thread pool. `bytes` must not change meanwhile. */
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * The original bytes, exactly `rawBytes` of them. Takes no more memory than that and a constant, whatever the input says.
   *
   * @param rawBytes what the envelope declares, already held against the limits
   * @throws CodecFault `malformed` when the input is not of this algorithm, is cut off, or gives more or fewer bytes
   */
  decompressSync(bytes: Uint8Array, rawBytes: number): Uint8Array;
  /** As {@link Compressor.decompressSync}, in the thread pool; rejects with the same faults. */
  decompress(bytes: Uint8Array, rawBytes: number): Promise<Uint8Array>;
}
