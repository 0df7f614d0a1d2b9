import { Buffer } from "node:buffer";

/** Says what is authenticated, so that a key that also serves something else cannot be made to vouch for it here. 16 bytes. */
const LABEL: Buffer = Buffer.from("gocachex seal v1", "latin1");
const LENGTH_BYTES = 4;
const HEADER_AT: number = LABEL.length + LENGTH_BYTES;
/** Room that is kept for the next call; what needs more gets its own. */
const KEPT_BYTES = 1_024;
/** Up to so many code units a loop is faster than the way into the platform. */
const LOOP_UNIT_COUNT = 24;

/**
 * What a value's tag covers beside its content:
 *
 *      0                  16       20         20+h               20+h+2k
 *      ├ label ───────────┼ h ─────┼ header ──┼ stored key ──────┤
 *      │ "gocachex seal v1" u32 LE │ h bytes  │ k code units,    │
 *      │                           │          │ UTF-16LE         │
 *
 * `header` is all that stands before the nonce: the envelope's header and the key id. The stored key holds the namespace. Its code units
 * are written as they are: UTF-8 would make all lone surrogates one. No two pairs of header and stored key give the same bytes, as the
 * header's length stands in front and the stored key takes the rest.
 */
export class AssociatedData {
  readonly #kept: Buffer = Buffer.alloc(KEPT_BYTES);

  constructor() {
    this.#kept.set(LABEL);
  }

  /**
   * @param bytes begins with the header
   * @returns bytes that are good until the next call
   */
  encode(bytes: Uint8Array, headerBytes: number, storedKey: string): Buffer {
    const sizeBytes = HEADER_AT + headerBytes + storedKey.length * 2;
    const target = sizeBytes <= KEPT_BYTES ? this.#kept : Buffer.allocUnsafe(sizeBytes);
    if (target !== this.#kept) target.set(LABEL);
    target.writeUInt32LE(headerBytes, LABEL.length);
    for (let index = 0; index < headerBytes; index += 1) target[HEADER_AT + index] = bytes[index] as number;
    writeCodeUnits(target, HEADER_AT + headerBytes, storedKey);
    return target.subarray(0, sizeBytes);
  }
}

function writeCodeUnits(target: Buffer, start: number, text: string): void {
  if (text.length > LOOP_UNIT_COUNT) {
    target.write(text, start, "utf16le");
    return;
  }
  for (let index = 0, at = start; index < text.length; index += 1, at += 2) {
    const unit = text.charCodeAt(index);
    target[at] = unit;
    target[at + 1] = unit >> 8;
  }
}
