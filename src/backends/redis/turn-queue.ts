/**
 * How much one queue hands over in a turn of the event loop. The replies come together, and the turn that handles them must end before others have
 * waited long: some thousand of them take 5 to 10 ms.
 */
const MAX_TURN_WEIGHT = 1_024;

/**
 * Collects what is asked in one turn of the event loop and hands it over together, once the turn's microtasks are done: what the continuations of one
 * batch of replies ask for leaves in one batch again. Nothing waits longer than the turn itself, but for what is more than a turn takes: that follows in the
 * next ones, in its order.
 *
 * `process.nextTick` and not a timer or `setImmediate`: clients write to their sockets in the check phase of the same round of the loop, and a batch that is
 * made there would wait for the next.
 */
export class TurnQueue<Item> {
  readonly #handOver: (items: Item[]) => void;
  readonly #weightOf: (item: Item) => number;
  #items: Item[] = [];
  #isPlanned = false;
  /** What this turn has handed over. */
  #turnWeight = 0;

  /**
   * @param handOver takes a turn's items in their order; must not throw
   * @param weightOf how many keys an item asks for. Default: 1
   */
  constructor(handOver: (items: Item[]) => void, weightOf: (item: Item) => number = () => 1) {
    this.#handOver = handOver;
    this.#weightOf = weightOf;
  }

  /** Adds an item to this turn's. */
  push(item: Item): void {
    this.#items.push(item);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    process.nextTick(this.#run);
  }

  readonly #run = (): void => {
    const items = this.#takeTurn();
    // What is left waits for the end of the turn, which is planned by then.
    this.#isPlanned = this.#items.length > 0;
    if (items.length > 0) this.#handOver(items);
  };

  #takeTurn(): Item[] {
    let count = 0;
    for (; count < this.#items.length && this.#turnWeight < MAX_TURN_WEIGHT; count += 1) {
      if (this.#turnWeight === 0) setImmediate(this.#endTurn);
      this.#turnWeight += this.#weightOf(this.#items[count] as Item);
    }
    const items = this.#items;
    this.#items = count === items.length ? [] : items.splice(count);
    return items;
  }

  readonly #endTurn = (): void => {
    this.#turnWeight = 0;
    if (this.#isPlanned && this.#items.length > 0) process.nextTick(this.#run);
  };
}
