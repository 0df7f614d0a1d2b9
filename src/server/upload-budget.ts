/** Bytes of request bodies that are being received, all requests together. */
export class UploadBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Takes bytes when there is room. @returns whether there was */
  take(sizeBytes: number): boolean {
    if (this.#usedBytes + sizeBytes > this.#maxBytes) return false;
    this.#usedBytes += sizeBytes;
    return true;
  }

  /** Gives back what was taken. */
  release(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
  }
}
