/** Up to here looking through a list is quicker than a `Map`; most values have fewer objects. */
const LISTED_COUNT = 12;

/** The objects of one value in the order in which they were first met: one that comes again is written as its number. */
export class ReferenceNumbers {
  readonly #listed: object[] = [];
  readonly #numbers = new Map<object, number>();

  /** The number of an object that was met before; otherwise it gets the next one and the answer is −1. */
  numberOf(source: object): number {
    const listed = this.#listed;
    const index = listed.indexOf(source);
    if (index >= 0) return index;
    if (listed.length < LISTED_COUNT) {
      listed.push(source);
      return -1;
    }
    const number = this.#numbers.get(source);
    if (number !== undefined) return number;
    this.#numbers.set(source, LISTED_COUNT + this.#numbers.size);
    return -1;
  }

  /** Forgets all, for the next value. */
  clear(): void {
    this.#listed.length = 0;
    if (this.#numbers.size > 0) this.#numbers.clear();
  }
}
