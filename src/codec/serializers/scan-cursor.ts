import { CodecFault } from "../codec-fault.ts";

/** A place in bytes that are looked through before a library reads them. */
export class ScanCursor {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are left. */
  get rest(): number {
    return this.#bytes.length - this.at;
  }

  byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new CodecFault("malformed", "bytes that end too early");
    this.at += 1;
    return byte;
  }

  peek(): number | undefined {
    return this.#bytes[this.at];
  }

  skip(byteCount: number): void {
    if (byteCount > this.rest) throw new CodecFault("malformed", "a part longer than its bytes");
    this.at += byteCount;
  }

  assertEnd(): void {
    if (this.rest > 0) throw new CodecFault("malformed", "bytes behind the value");
  }
}
