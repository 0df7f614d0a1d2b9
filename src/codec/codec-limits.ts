/** What a codec reads and writes at most. */
export interface CodecLimits {
  /** Most bytes of one value, before compression. Default: 67,108,864 (64 MiB). */
  readonly maxValueBytes: number;
  /** Deepest nesting of one value: a primitive has none, `[[]]` has two. Default: 1,000, safe on the stack that Node.js has by default. */
  readonly maxDepth: number;
}

/** See {@link CodecLimits}. */
export const DEFAULT_CODEC_LIMITS: CodecLimits = Object.freeze({ maxValueBytes: 64 * 2 ** 20, maxDepth: 1_000 });
