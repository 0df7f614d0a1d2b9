/** Which objects a walk has met. The first one, often the only one, takes no memory. */
export class SeenObjects {
  #first: object | undefined;
  #others: Set<object> | undefined;

  /** Notes an object. @returns whether it is new */
  add(candidate: object): boolean {
    if (this.#first === undefined) {
      this.#first = candidate;
      return true;
    }
    if (this.#first === candidate) return false;
    this.#others ??= new Set();
    const { size } = this.#others;
    return this.#others.add(candidate).size > size;
  }
}
