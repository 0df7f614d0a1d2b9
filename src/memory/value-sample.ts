import { leafBytes, stringBytes } from "./leaf-estimate.ts";
import { partsOf, RUN_LENGTH, sample, type ValueParts } from "./value-parts.ts";

/** Parts looked at in all; some 0.5 ms. */
const PART_BUDGET = 4_000;
/** Every level may use this share of what is left, so that deep levels are seen too. */
const LEVEL_SHARE = 4;
const MIN_LEVEL_BUDGET = 128;
/** Containers of one level that are opened. */
const MAX_OPENED_COUNT = 128;
/** The least of every opened container, so that its parts count for something. */
const MIN_LISTED_COUNT = 2;
/** A container that is known but was not opened. */
const UNOPENED_BYTES = 32;

/** A container or property name that the sample met. */
interface Met {
  /** How many of its kind it stands for. */
  weight: number;
  /** The run of neighbours in which it was met first. */
  readonly run: number;
}

/**
 * Extrapolates the memory of a value from a sample of its parts.
 *
 * Goes down level by level. Of a level's containers up to 128 are opened, and of their parts some are listed; each then stands for
 * as many as were left out: its weight. What is met again costs nothing more. What is met from distant places
 * (different runs of neighbours) is taken for a part that all share, so its weight falls to 1; a part that only neighbours share keeps
 * the weight of its run. Distant parts that refer to each other one to one escape the sample and are counted twice or more.
 */
export class ValueSample {
  readonly #met = new Map<object, Met>();
  readonly #names = new Map<string, Met>();
  #totalBytes = 0;
  #budget = PART_BUDGET;
  #runCount = 1;

  /** Estimated bytes of a container with all its parts. Bounded cost. */
  estimate(root: object): number {
    this.#met.set(root, { weight: 1, run: 0 });
    let level: object[] = [root];
    while (level.length > 0 && this.#budget > 0) level = this.#openLevel(level);
    for (const container of level) this.#totalBytes += this.#weightOf(container) * UNOPENED_BYTES;
    for (const [name, { weight }] of this.#names) this.#totalBytes += stringBytes(name) * weight;
    return this.#totalBytes;
  }

  /** @returns the containers that were met for the first time: the next level */
  #openLevel(level: readonly object[]): object[] {
    const opened = sample(level, MAX_OPENED_COUNT, 0);
    const factor = level.length / opened.length;
    const firstRun = this.#takeRuns(opened.length);
    const next: object[] = [];
    let levelBudget = Math.max(MIN_LEVEL_BUDGET, Math.floor(this.#budget / LEVEL_SHARE));
    for (const [index, container] of opened.entries()) {
      const share = Math.max(MIN_LISTED_COUNT, Math.floor(levelBudget / (opened.length - index)));
      const parts = partsOf(container, share, index);
      levelBudget -= parts.listed.length;
      this.#budget -= 1 + parts.listed.length;
      const run = factor === 1 ? (this.#met.get(container) as Met).run : firstRun + Math.floor(index / RUN_LENGTH);
      this.#count(parts, { weight: this.#weightOf(container) * factor, run }, next);
    }
    return next;
  }

  /** Counts a container's own bytes and those of its leaves, and notes the containers in it. */
  #count(parts: ValueParts, container: Met, next: object[]): void {
    this.#totalBytes += parts.ownBytes * container.weight;
    const isWhole = parts.listed.length >= parts.count;
    const weight = isWhole ? container.weight : (container.weight * parts.count) / parts.listed.length;
    const firstRun = isWhole ? 0 : this.#takeRuns(parts.listed.length);
    const runAt = (index: number): number => (isWhole ? container.run : firstRun + Math.floor(index / RUN_LENGTH));
    for (const [index, part] of parts.listed.entries()) {
      const bytes = leafBytes(part);
      if (bytes !== undefined) this.#totalBytes += bytes * weight;
      else if (meet(this.#met, part as object, { weight, run: runAt(index) })) next.push(part as object);
    }
    for (const [index, name] of parts.names.entries()) meet(this.#names, name, { weight, run: runAt(index) });
  }

  #weightOf(container: object): number {
    return (this.#met.get(container) as Met).weight;
  }

  /** Reserves numbers for the runs among so many items. */
  #takeRuns(itemCount: number): number {
    const first = this.#runCount;
    this.#runCount += Math.ceil(itemCount / RUN_LENGTH);
    return first;
  }
}

/** Notes that a part was met. @returns whether for the first time */
function meet<Part>(met: Map<Part, Met>, part: Part, now: Met): boolean {
  const before = met.get(part);
  if (before === undefined) {
    met.set(part, now);
    return true;
  }
  if (before.run !== now.run) before.weight = Math.min(before.weight, 1);
  return false;
}
