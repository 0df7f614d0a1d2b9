/**
 * Collects what is asked in one turn of the event loop and hands it over together, once the turn's microtasks are done: what the continuations of one
 * batch of replies ask for leaves in one batch again. Nothing waits longer than the turn itself.
 *
 * `process.nextTick` and not a timer or `setImmediate`: clients write to their sockets in the check phase of the same round of the loop, and a batch that is
 * made there would wait for the next.
 */
export class TurnQueue<Item> {
  readonly #handOver: (items: Item[]) => void;
  readonly #run = (): void => {
    const items = this.#items;
    this.#items = [];
    this.#handOver(items);
  };
  #items: Item[] = [];

  /** @param handOver takes a turn's items in their order; must not throw */
  constructor(handOver: (items: Item[]) => void) {
    this.#handOver = handOver;
  }

  /** Adds an item to this turn's. */
  push(item: Item): void {
    if (this.#items.push(item) === 1) process.nextTick(this.#run);
  }
}
