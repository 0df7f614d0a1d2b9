/** What to build calls of a zstd library with. */
export interface ZstdSetting {
  readonly level: number;
  /** Content of a dictionary, in zstd's format or raw. */
  readonly dictionary?: Uint8Array;
}

/** A zstd library: the platform's or a package. Frames go in and out; their headers and blocks have been looked at before. */
export interface ZstdCalls {
  /** Whether decompressing stops by itself at `rawBytes`; otherwise only frames of `boundedFrame` may be passed. */
  readonly boundsOutput: boolean;
  compressSync(bytes: Uint8Array): Uint8Array;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** @throws CodecFault `malformed` */
  decompressSync(frame: Uint8Array, rawBytes: number): Uint8Array;
  decompress(frame: Uint8Array, rawBytes: number): Promise<Uint8Array>;
}
