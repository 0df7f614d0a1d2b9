/** From how many raw bytes on a call is worth a thread; see {@link Compressor.asyncFromBytes}. */
export interface AsyncFromBytes {
  /** For {@link Compressor.compressSync}. 0: always in a thread. */
  readonly compress: number;
  /** For {@link Compressor.decompressSync}, in bytes of the result. 0: always in a thread. */
  readonly decompress: number;
}

/**
 * Makes bytes smaller and back. One object serves all values at once; what it must load is loaded by {@link Compressor.load}, once, before
 * anything else is called.
 *
 * Results are never an alias of the input, but may be a view into a larger buffer that no one else uses, or into the platform's pool of
 * buffers: copy what is kept for long.
 */
export interface Compressor {
  /** The algorithm's name in the configuration, for example `"zstd"`. */
  readonly name: string;
  /** Its number in the envelope, 1–255. Part of the format: never changed, never given to something else. */
  readonly id: number;
  /** The dictionary that it was built with, as the envelope names it; absent: it uses none. */
  readonly dictionaryId?: number;
  /** Most bytes of one value, where the format or the library has a limit. Longer ones are stored raw. Default: no limit. */
  readonly maxRawBytes?: number;
  /** Below these sizes a call on this thread blocks for about a millisecond at most, and a thread would cost more than it saves. */
  readonly asyncFromBytes: AsyncFromBytes;
  /**
   * Loads the library or finds the platform's function. Calls after the first share its result; after a failure the next call tries again.
   *
   * @throws DependencyError `GCX_DEPENDENCY_MISSING` saying what to install
   */
  load(): Promise<void>;
  /** Whether {@link Compressor.load} has succeeded; always true for what the platform has. */
  readonly isLoaded: boolean;
  /** The compressed bytes; may be longer than the input. Blocks: some 2 to 20 ns a byte. */
  compressSync(bytes: Uint8Array): Uint8Array;
  /** As {@link Compressor.compressSync}, in the thread pool. `bytes` must not change meanwhile. */
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * The original bytes, exactly `rawBytes` of them. Whatever the input says, its own length and `rawBytes` bound the memory: some three
   * times their sum, and a constant.
   *
   * @param rawBytes what the envelope declares, already held against the limits
   * @throws CodecFault `malformed` when the input is not of this algorithm, is cut off, has anything behind its end, or gives more or
   * fewer bytes; `too-large` beyond {@link Compressor.maxRawBytes}
   */
  decompressSync(bytes: Uint8Array, rawBytes: number): Uint8Array;
  /** As {@link Compressor.decompressSync}, in the thread pool; rejects with the same faults. */
  decompress(bytes: Uint8Array, rawBytes: number): Promise<Uint8Array>;
}
