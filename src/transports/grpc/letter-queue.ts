import type { QueueBounds } from "./message-queue.ts";

/** Letters that wait for one node until its link has room: first in, first out, bounded. What does not fit is refused, never one that waits already. */
export class LetterQueue {
  readonly #bounds: QueueBounds;
  #frames: Buffer[] = [];
  /** Place of the first that waits; those before have left. */
  #first = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** How many wait. */
  get count(): number {
    return this.#frames.length - this.#first;
  }

  /** Puts one last. @returns whether there was room */
  push(frame: Buffer): boolean {
    const { maxCount, maxBytes } = this.#bounds;
    if (this.count >= maxCount || this.#bytes + frame.length > maxBytes) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** Takes the first. */
  take(): Buffer | undefined {
    const frame = this.#frames[this.#first];
    if (frame === undefined) return undefined;
    this.#first += 1;
    this.#bytes -= frame.length;
    if (this.#first === this.#frames.length) this.clear();
    return frame;
  }

  /** Forgets all. */
  clear(): void {
    this.#frames = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
