/** A map that forgets what was set longest ago when it is full. All operations are O(1). */
export class BoundedMap<Value> {
  readonly #maxCount: number;
  readonly #values = new Map<string, Value>();

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#maxCount) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** Forgets all that a test finds. O(n). */
  deleteWhere(test: (key: string, value: Value) => boolean): void {
    for (const [key, value] of this.#values) if (test(key, value)) this.#values.delete(key);
  }
}
