const CR = 13;

/**
 * Takes a stream apart into lines and the values that follow some of them, for the raw clients. A value that is whole in a chunk is handed
 * out where it lies; one that is not is put together by itself, so that nothing is copied twice.
 */
export class ReplyReader {
  #lengthOf;
  #onReply;
  /** The begin of a line whose end has not come. */
  #rest = /** @type {Buffer | undefined} */ (undefined);
  /** A value of which `#filledBytes` are there. */
  #value = /** @type {Buffer | undefined} */ (undefined);
  #filledBytes = 0;

  /**
   * @param {(bytes: Buffer, start: number, end: number) => number} lengthOf the length of the value that follows a line; below 0: none does
   * @param {(value: Buffer | undefined, bytes: Buffer, start: number, end: number) => void} onReply is given a value, or a line without one
   */
  constructor(lengthOf, onReply) {
    this.#lengthOf = lengthOf;
    this.#onReply = onReply;
  }

  /** @param {Buffer} chunk */
  take(chunk) {
    let at = 0;
    const value = this.#value;
    if (value !== undefined) {
      at = chunk.copy(value, this.#filledBytes);
      this.#filledBytes += at;
      if (this.#filledBytes < value.length) return;
      this.#value = undefined;
      this.#onReply(value.subarray(0, -2), value, 0, 0);
    }
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    while (at < bytes.length) {
      let end = at + 1;
      while (end < bytes.length && bytes[end] !== CR) end += 1;
      if (end + 2 > bytes.length) {
        this.#rest = bytes.subarray(at);
        return;
      }
      const start = at;
      const length = this.#lengthOf(bytes, start, end);
      at = end + 2;
      if (length < 0) {
        this.#onReply(undefined, bytes, start, end);
        continue;
      }
      if (at + length + 2 > bytes.length) {
        this.#value = Buffer.allocUnsafeSlow(length + 2);
        this.#filledBytes = bytes.copy(this.#value, 0, at);
        return;
      }
      this.#onReply(bytes.subarray(at, at + length), bytes, start, end);
      at += length + 2;
    }
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} start
 * @param {number} end
 * @returns {number} the whole number that stands there
 */
export function readDigits(bytes, start, end) {
  let number = 0;
  for (let at = start; at < end; at += 1) number = number * 10 + /** @type {number} */ (bytes[at]) - 48;
  return number;
}
