/** One of the keys that were counted most. */
export interface HeavyHitter {
  readonly id: string;
  /** How often it was counted; at most {@link HeavyHitter.errorCount} too high. */
  readonly count: number;
  /** Part of `count` that may belong to keys which had this place before. */
  readonly errorCount: number;
  /** Part of `count` that was marked: the reads that were hits. */
  readonly markedCount: number;
}

interface Counter {
  id: string;
  count: number;
  errorCount: number;
  markedCount: number;
  /** Its place in the heap. */
  position: number;
}

/**
 * The most frequent ids of an endless stream in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient computation of frequent and top-k
 * elements in data streams", 2005). A new id takes the place of the rarest and inherits its count as a possible error, so every id more frequent than
 * `total / capacity` is surely among them. A heap finds the rarest; O(log capacity) an id.
 */
export class HeavyHitters {
  readonly #capacity: number;
  readonly #byId = new Map<string, Counter>();
  readonly #heap: Counter[] = [];
  #total = 0;

  /** @param capacity how many ids are counted at a time, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Everything that was counted and not forgotten. */
  get total(): number {
    return this.#total;
  }

  /** How many ids are counted now. */
  get size(): number {
    return this.#heap.length;
  }

  /** Counts an id. `weight`: for how many it stands; `isMarked`: see {@link HeavyHitter.markedCount}. */
  add(id: string, weight: number, isMarked: boolean): void {
    this.#total += weight;
    const counter = this.#byId.get(id) ?? this.#place(id);
    counter.count += weight;
    if (isMarked) counter.markedCount += weight;
    this.#sinkDown(counter);
  }

  /** Lets the past count half as much; ids that come to nothing are forgotten. O(capacity). */
  halve(): void {
    this.#total /= 2;
    for (const counter of this.#heap) {
      counter.count /= 2;
      counter.errorCount /= 2;
      counter.markedCount /= 2;
    }
    const living = this.#heap.filter(({ count }) => count >= 0.5);
    if (living.length === this.#heap.length) return;
    this.clear(this.#total);
    // In rising order an array is a heap.
    for (const counter of living.sort((a, b) => a.count - b.count)) {
      counter.position = this.#heap.push(counter) - 1;
      this.#byId.set(counter.id, counter);
    }
  }

  /** The most frequent ids, most frequent first. O(capacity log capacity). */
  top(limit: number): readonly HeavyHitter[] {
    return this.#heap
      .map(({ id, count, errorCount, markedCount }) => ({ id, count, errorCount, markedCount }))
      .sort((a, b) => b.count - a.count)
      .slice(0, limit);
  }

  /** Forgets every id. */
  clear(total = 0): void {
    this.#total = total;
    this.#byId.clear();
    this.#heap.length = 0;
  }

  /** A counter for an id that has none: a new one, or that of the rarest id. */
  #place(id: string): Counter {
    let counter: Counter;
    if (this.#heap.length < this.#capacity) {
      counter = { id, count: 0, errorCount: 0, markedCount: 0, position: this.#heap.length };
      this.#heap.push(counter);
      this.#floatUp(counter);
    } else {
      counter = this.#heap[0] as Counter;
      this.#byId.delete(counter.id);
      counter.id = id;
      counter.errorCount = counter.count;
      counter.markedCount = 0;
    }
    this.#byId.set(id, counter);
    return counter;
  }

  #floatUp(counter: Counter): void {
    while (counter.position > 0) {
      const parent = this.#heap[(counter.position - 1) >> 1] as Counter;
      if (parent.count <= counter.count) return;
      this.#swap(parent, counter);
    }
  }

  #sinkDown(counter: Counter): void {
    for (;;) {
      const left = this.#heap[2 * counter.position + 1];
      const right = this.#heap[2 * counter.position + 2];
      const rarer = right !== undefined && left !== undefined && right.count < left.count ? right : left;
      if (rarer === undefined || rarer.count >= counter.count) return;
      this.#swap(counter, rarer);
    }
  }

  #swap(a: Counter, b: Counter): void {
    const position = a.position;
    this.#heap[b.position] = a;
    this.#heap[position] = b;
    a.position = b.position;
    b.position = position;
  }
}
