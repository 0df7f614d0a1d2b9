/** Larger memory is not kept alive for the sake of a view. */
const MAX_KEPT_BYTES = 2 ** 20;

/** A `DataView` of the memory that bytes lie in. Values often come many in one chunk of a socket, so the last view is kept. */
export class ByteViews {
  #last: DataView = new DataView(new ArrayBuffer(0));

  /** A view of the whole memory: offsets are `bytes.byteOffset` more. */
  of(bytes: Uint8Array): DataView {
    const { buffer } = bytes;
    if (this.#last.buffer === buffer) return this.#last;
    const view = new DataView(buffer);
    if (buffer.byteLength <= MAX_KEPT_BYTES) this.#last = view;
    return view;
  }
}
