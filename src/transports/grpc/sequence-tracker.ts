/** Numbers that were passed over: from the first to the last. */
interface Missing {
  readonly first: number;
  readonly last: number;
}

/** More pieces than that are not kept: what arrives of the oldest is then taken for a double. */
const MAX_MISSING_COUNT = 16;

/** What a number means that a node sends. */
export interface TrackedBatch {
  /** Messages were lost, or are late. */
  readonly isGap: boolean;
  /** For each message whether it is new; `undefined`: all are. */
  readonly areNew: readonly boolean[] | undefined;
}

/**
 * Which messages of one node have been received. Each is delivered once; a jump in the numbers is told at once, and what comes late, over another link to the same
 * node, is still delivered.
 *
 * ```text
 * received ………… [missing] …… received ………… last │ next
 * ```
 */
export class SequenceTracker {
  #last = 0;
  #missing: readonly Missing[] = [];

  /** Number of the last message that is known to have been sent. */
  get last(): number {
    return this.#last;
  }

  /** Begins anew: what was sent up to this number before is not waited for. */
  restart(sequence: number): void {
    this.#last = sequence;
    this.#missing = [];
  }

  /** The node says that it has sent everything up to this number. @returns whether some of it has not come */
  noteSent(sequence: number): boolean {
    if (sequence <= this.#last) return false;
    this.#addMissing({ first: this.#last + 1, last: sequence });
    this.#last = sequence;
    return true;
  }

  /** Messages came. O(1) when they follow the last ones. */
  receive(firstSequence: number, count: number): TrackedBatch {
    const lastSequence = firstSequence + count - 1;
    if (firstSequence === this.#last + 1) {
      this.#last = lastSequence;
      return { isGap: false, areNew: undefined };
    }
    const isGap = firstSequence > this.#last + 1;
    if (isGap) this.noteSent(firstSequence - 1);
    const areNew = Array.from({ length: count }, (_, place) => this.#take(firstSequence + place));
    return { isGap, areNew };
  }

  #take(sequence: number): boolean {
    if (sequence > this.#last) {
      this.#last = sequence;
      return true;
    }
    const place = this.#missing.findIndex(({ first, last }) => first <= sequence && sequence <= last);
    const found = this.#missing[place];
    if (found === undefined) return false;
    const rest = [
      { first: found.first, last: sequence - 1 },
      { first: sequence + 1, last: found.last },
    ].filter(({ first, last }) => first <= last);
    this.#missing = [...this.#missing.slice(0, place), ...rest, ...this.#missing.slice(place + 1)];
    return true;
  }

  #addMissing(missing: Missing): void {
    this.#missing = [...this.#missing, missing].slice(-MAX_MISSING_COUNT);
  }
}
