/**
 * Most values of one label. Names of operations, outcomes and reasons are a few dozen in the source; the bound is for what a plug-in may bring.
 */
const MAX_LABEL_COUNT = 64;

/** The label of everything beyond the bound. */
const OTHER_LABEL = "other";

/** What is counted by a label whose values must stay few: the first ones have a place each, everything else shares one. */
export class LabelledTallies<Tally> {
  readonly #create: () => Tally;
  readonly #tallies = new Map<string, Tally>();

  constructor(create: () => Tally) {
    this.#create = create;
  }

  /** The tally of a label. */
  at(label: string): Tally {
    const known = this.#tallies.get(label);
    if (known !== undefined) return known;
    if (this.#tallies.size >= MAX_LABEL_COUNT && label !== OTHER_LABEL) return this.at(OTHER_LABEL);
    const created = this.#create();
    this.#tallies.set(label, created);
    return created;
  }

  /** Every label that was met, with its tally. */
  entries(): IterableIterator<[string, Tally]> {
    return this.#tallies.entries();
  }
}

/** A number that grows. */
export interface Count {
  value: number;
}

/** Counts by one label. */
export class LabelledCounts extends LabelledTallies<Count> {
  constructor() {
    super(() => ({ value: 0 }));
  }

  /** Counts once, or so many times. */
  add(label: string, count = 1): void {
    this.at(label).value += count;
  }
}
