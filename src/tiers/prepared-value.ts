/**
 * A value that is written later, in both of its shapes: as the near store keeps it, and as bytes. Made when the write is accepted, so that what cannot become bytes fails the call and not
 * a write of which nobody hears any more, and what the caller does to the value afterwards changes neither.
 */
export class PreparedValue {
  /** As the near store's isolation keeps it. */
  readonly kept: unknown;
  /** As the store of bytes gets it. */
  readonly bytes: Uint8Array;

  constructor(kept: unknown, bytes: Uint8Array) {
    this.kept = kept;
    this.bytes = bytes;
  }
}
