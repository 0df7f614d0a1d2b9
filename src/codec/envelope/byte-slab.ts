import { Buffer } from "node:buffer";

/** Bytes of one slab. From 128 KiB on the system hands out fresh pages each time, which costs 10 KB five times as much. */
const SLAB_BYTES = 65_536;
/** Larger pieces get memory of their own, so that no slab is left mostly empty. */
const MAX_PIECE_BYTES = SLAB_BYTES / 4;
/** Pieces begin at multiples of this. */
const ALIGNMENT_BYTES = 8;

/**
 * Memory for encoded values, cut from slabs: an allocation of its own costs 5 µs for 10 KB, a piece of a slab below 1 µs. Pieces are
 * never used again, so whoever gets one may keep it; a slab lives as long as one of its pieces.
 */
export class ByteSlab {
  /** Where the piece of the last {@link ByteSlab.take} lies, at its very beginning: no offset of its own. Its bytes are not zero. */
  buffer: Buffer = Buffer.allocUnsafeSlow(0);
  /** Over all of {@link ByteSlab.buffer}. */
  view: DataView = new DataView(this.buffer.buffer);
  #slab: Buffer = this.buffer;
  #slabView: DataView = this.view;
  #next = 0;
  readonly #slabBytes: number;
  readonly #maxPieceBytes: number;

  constructor(slabBytes: number = SLAB_BYTES, maxPieceBytes: number = MAX_PIECE_BYTES) {
    this.#slabBytes = slabBytes;
    this.#maxPieceBytes = maxPieceBytes;
  }

  /** Reserves a piece. @returns its offset in `buffer` and `view`, which are this piece's until the next call */
  take(byteCount: number): number {
    if (byteCount > this.#maxPieceBytes) {
      this.buffer = Buffer.allocUnsafeSlow(byteCount);
      this.view = new DataView(this.buffer.buffer);
      return 0;
    }
    let at = this.#next;
    if (at + byteCount > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(this.#slabBytes);
      this.#slabView = new DataView(this.#slab.buffer);
      at = 0;
    }
    this.#next = (at + byteCount + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    this.buffer = this.#slab;
    this.view = this.#slabView;
    return at;
  }

  /** Whether a piece of so many bytes fits into what is left of the slab, however large a piece that is. */
  hasRoom(byteCount: number): boolean {
    return this.#next + byteCount <= this.#slab.length;
  }

  /** As {@link ByteSlab.take}, when {@link ByteSlab.hasRoom} said yes. The end must be given back. */
  takeRoom(byteCount: number): number {
    const at = this.#next;
    this.#next = at + byteCount;
    this.buffer = this.#slab;
    this.view = this.#slabView;
    return at;
  }

  /** Ends the last piece earlier, at an offset in `buffer`. */
  giveBack(end: number): void {
    if (this.buffer === this.#slab) this.#next = (end + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }
}
