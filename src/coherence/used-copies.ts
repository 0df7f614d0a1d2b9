import type { ProvableCopy } from "./provable-copy.ts";

/** A copy of which the store can be asked whether it is current. */
export interface RevalidatedCopy extends ProvableCopy {
  /** Which life of the store it was read in, as `RevalidationCycle` counts them; 0: no question can prove it. */
  readonly life: number;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  /** Monotonic instant, in ms, at which the read was sent that proved it, or the question that did. */
  readAtMs: number;
  /** {@link UsedCopies}' own note: how often it was served since the last look, up to 255. Begins as 0. */
  useCount: number;
}

/** A copy with its key. */
export interface UsedCopy {
  readonly key: string;
  readonly copy: RevalidatedCopy;
}

/** Counts are kept in a range of a byte: a copy that is served more often between two looks is hot enough. */
const MAX_USE_COUNT = 255;

/**
 * Which copies were served since the last look. A hit on a copy that was served before writes one small number of the copy itself; only the first one is listed.
 *
 * Bounded: what is served for the first time when the list is full is not listed, and may be at its next hit after the next look.
 */
export class UsedCopies {
  readonly #maxCount: number;
  #used: UsedCopy[] = [];

  /** @param maxCount copies that are listed at most */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** How many copies are listed. */
  get count(): number {
    return this.#used.length;
  }

  /** A copy is served. */
  note(key: string, copy: RevalidatedCopy): void {
    const count = copy.useCount;
    if (count > 0) {
      if (count < MAX_USE_COUNT) copy.useCount = count + 1;
      return;
    }
    if (this.#used.length >= this.#maxCount) return;
    copy.useCount = 1;
    this.#used.push({ key, copy });
  }

  /**
   * Takes copies out of the list, those that were served most often first; all others are forgotten but for those that are not due. O(copies listed).
   *
   * @param maxCount how many are taken at most
   * @param whenOf what is to become of a copy: taken, left for the next look with its count, or forgotten
   */
  takeHottest(maxCount: number, whenOf: (used: UsedCopy) => "now" | "later" | "never"): readonly UsedCopy[] {
    const due: UsedCopy[] = [];
    const later: UsedCopy[] = [];
    const countsOf = new Int32Array(MAX_USE_COUNT + 1);
    for (const used of this.#used) {
      const when = whenOf(used);
      if (when === "later") {
        later.push(used);
        continue;
      }
      if (when === "now") {
        due.push(used);
        countsOf[used.copy.useCount] = (countsOf[used.copy.useCount] as number) + 1;
      } else {
        used.copy.useCount = 0;
      }
    }
    this.#used = later;
    const taken = due.length <= maxCount ? due : hottestOf(due, countsOf, maxCount);
    for (const { copy } of due) copy.useCount = 0;
    return taken;
  }
}

/** By a table of counts and not by sorting: there may be tens of thousands, and the event loop waits. */
function hottestOf(due: readonly UsedCopy[], countsOf: Int32Array, maxCount: number): readonly UsedCopy[] {
  let least = MAX_USE_COUNT;
  let roomCount = maxCount;
  while (least > 0 && roomCount >= (countsOf[least] as number)) {
    roomCount -= countsOf[least] as number;
    least -= 1;
  }
  return due.filter(({ copy }) => {
    if (copy.useCount !== least) return copy.useCount > least;
    roomCount -= 1;
    return roomCount >= 0;
  });
}
