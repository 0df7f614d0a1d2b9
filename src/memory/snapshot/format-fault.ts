/** What is wrong with the bytes of a snapshot, before it is known where in the stream they stand. */
export class FormatFault {
  /** What was found, as the middle of a sentence. */
  readonly reason: string;
  /** Where, from the beginning of the bytes that were being read. */
  readonly offsetBytes: number;
  /** Whether the bytes are sound but say something that this version cannot read. */
  readonly isUnsupported: boolean;
  /** What led to it, if something was thrown. */
  readonly cause: unknown;

  constructor(reason: string, offsetBytes: number, options: { isUnsupported?: boolean; cause?: unknown } = {}) {
    this.reason = reason;
    this.offsetBytes = offsetBytes;
    this.isUnsupported = options.isUnsupported ?? false;
    this.cause = options.cause;
  }
}
