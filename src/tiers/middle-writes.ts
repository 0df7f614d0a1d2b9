/** What is sent to a middle tier: bytes to be put under a key with a TTL in ms, or the end of what is there. */
export interface MiddlePut {
  readonly bytes: Uint8Array;
  readonly ttlMs: number;
}

/** What writes to a middle tier are made of. */
export interface MiddleWritesParts {
  /** Most keys that wait. */
  readonly maxCount: number;
  /** Most bytes that wait. */
  readonly maxBytes: number;
  /** Sends some of them. Must not reject. */
  readonly send: (batch: ReadonlyMap<string, MiddlePut | undefined>) => Promise<void>;
}

/** Keys that leave together. */
const BATCH_COUNT = 128;

/**
 * Writes to a middle tier, in the background: nobody waits for them, and nothing depends on them. Of each key the last one counts. One batch is on its way at a time; when too much waits, what comes is left out.
 */
export class MiddleWrites {
  readonly #parts: MiddleWritesParts;
  #waiting = new Map<string, MiddlePut | undefined>();
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #omittedCount = 0;

  constructor(parts: MiddleWritesParts) {
    this.#parts = parts;
  }

  /** Keys that wait. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Writes that found no room, since the start. */
  get omittedCount(): number {
    return this.#omittedCount;
  }

  /** Puts bytes under a key soon, or ends what is there. */
  add(key: string, put: MiddlePut | undefined): void {
    if (this.#isClosed) return;
    const before = this.#waiting.get(key);
    const addedBytes = (put?.bytes.length ?? 0) - (before?.bytes.length ?? 0);
    const { maxCount, maxBytes } = this.#parts;
    const isNew = !this.#waiting.has(key);
    if ((isNew && this.#waiting.size >= maxCount) || (addedBytes > 0 && this.#waitingBytes + addedBytes > maxBytes)) {
      this.#omittedCount += 1;
      return;
    }
    this.#waiting.set(key, put);
    this.#waitingBytes += addedBytes;
    this.#running ??= this.#run();
  }

  /** Takes no more, and resolves when what waits has been sent. */
  async drain(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  async #run(): Promise<void> {
    // What is written in this turn leaves together.
    await Promise.resolve();
    while (this.#waiting.size > 0) await this.#parts.send(this.#take());
    this.#running = undefined;
  }

  #take(): ReadonlyMap<string, MiddlePut | undefined> {
    const batch = new Map<string, MiddlePut | undefined>();
    for (const [key, put] of this.#waiting) {
      batch.set(key, put);
      this.#waiting.delete(key);
      this.#waitingBytes -= put?.bytes.length ?? 0;
      if (batch.size === BATCH_COUNT) break;
    }
    return batch;
  }
}
