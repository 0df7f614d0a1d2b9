/** Why stored bytes cannot be turned into the value that was written. */
export type UnreadableReason =
  /** They are not this library's: another program's bytes, or a text somebody wrote by hand. */
  | "foreign"
  /** They are of a newer format of this library. */
  | "newer-format"
  /** The check does not match: bytes were changed, cut off or joined. */
  | "damaged"
  /** The parts inside contradict each other, although the check matches. */
  | "malformed"
  /** A limit would be passed: size, nesting, or what a declared size would expand to. */
  | "too-large"
  /** Written with a serializer that this cache does not have. */
  | "unknown-serializer"
  /** Compressed with an algorithm or a library that this cache does not have. */
  | "unknown-compressor"
  /** Compressed with a dictionary that this cache does not have. */
  | "unknown-dictionary"
  /** Encrypted with a key that this cache does not have. */
  | "unknown-key"
  /** Encrypted and changed since, or moved here from another key or namespace. */
  | "not-authentic"
  /** In the clear, while this cache reads encrypted values only. */
  | "not-encrypted";

/**
 * Thrown inside the codec by everything that reads bytes; whoever asked for the value turns it into a miss or an error. Never holds
 * bytes or values. No `Error`: it is ordinary where others write into the same store, and a stack would cost more than the read.
 */
export class CodecFault {
  readonly reason: UnreadableReason;
  /** What was met, for people, for example `"an array longer than its bytes"`. */
  readonly detail: string;
  /** What a library threw, when it did. */
  readonly cause: unknown;

  constructor(reason: UnreadableReason, detail: string, cause?: unknown) {
    this.reason = reason;
    this.detail = detail;
    this.cause = cause;
  }
}
