import { Buffer } from "node:buffer";

/**
 * Bytes that arrive in chunks of any size and are taken in pieces of any size. Holds what was asked for and what came with it,
 * never more.
 */
export class ByteQueue {
  readonly #next: () => Promise<Uint8Array | undefined>;
  #chunk: Buffer = Buffer.alloc(0);
  #offsetBytes = 0;

  /** @param next the next chunk, or `undefined` at the end */
  constructor(next: () => Promise<Uint8Array | undefined>) {
    this.#next = next;
  }

  /** How many bytes were taken. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  /** How many bytes have arrived. */
  get arrivedBytes(): number {
    return this.#offsetBytes + this.#chunk.length;
  }

  /** The next `count` bytes, or fewer when the stream ends before. Without a copy when they came in one chunk. */
  async takeUpTo(count: number): Promise<Buffer> {
    if (this.#chunk.length < count) await this.#gather(count);
    const taken = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(count);
    this.#offsetBytes += taken.length;
    return taken;
  }

  async #gather(count: number): Promise<void> {
    const chunks: Uint8Array[] = [this.#chunk];
    let gatheredBytes = this.#chunk.length;
    while (gatheredBytes < count) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      chunks.push(chunk);
      gatheredBytes += chunk.length;
    }
    this.#chunk = Buffer.concat(chunks);
  }
}
