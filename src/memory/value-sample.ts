import { leafBytes, stringBytes } from "./leaf-estimate.ts";
import { partsOf, RUN_LENGTH, sample, type ValueParts } from "./value-parts.ts";

/** Parts looked at in all; some 0.1 ms. */
const PART_BUDGET = 1_200;
/** Every level may use this share of what is left, so that deep levels are seen too. */
const LEVEL_SHARE = 6;
const MIN_LEVEL_BUDGET = 64;
/** Containers of one level that are opened. */
const MAX_OPENED_COUNT = 32;
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
  /** How deep that was; names are on no level. */
  readonly level: number;
}

/**
 * Extrapolates the memory of a value from a sample of its parts.
 *
 * Goes down level by level. Of a level's containers up to 128 are opened, and of their parts some are listed; each then stands for
 * as many as were left out: its weight. What is met again costs nothing more. What is met from distant places
 * (different runs of neighbours) is taken for a part that all share, so its weight falls to 1; a part that only neighbours share keeps
 * the weight of its run.
 *
 * Where parts of an earlier level are met again, that level's parts refer to each other, and some of what looks new belongs to it but was left
 * out of the sample. As in capture and recapture: a part of weight w that is met again stands for w - 1 such references, and what
 * is new on this level is scaled down by their share.
 */
export class ValueSample {
  readonly #met = new Map<object, Met>();
  readonly #names = new Map<string, Met>();
  #totalBytes = 0;
  #budget = PART_BUDGET;
  #runCount = 1;
  #level = 0;
  /** References from the level at hand to parts of earlier levels that the sample left out, as far as met ones tell. */
  #hiddenCount = 0;

  /** Estimated bytes of a container with all its parts. Bounded cost. */
  estimate(root: object): number {
    this.#met.set(root, { weight: 1, run: 0, level: 0 });
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
    this.#level += 1;
    this.#hiddenCount = 0;
    let levelBudget = Math.max(MIN_LEVEL_BUDGET, Math.floor(this.#budget / LEVEL_SHARE));
    for (const [index, container] of opened.entries()) {
      const share = Math.max(MIN_LISTED_COUNT, Math.floor(levelBudget / (opened.length - index)));
      const parts = partsOf(container, share, index);
      levelBudget -= parts.listed.length;
      this.#budget -= 1 + parts.listed.length;
      const run = factor === 1 ? (this.#met.get(container) as Met).run : firstRun + Math.floor(index / RUN_LENGTH);
      this.#count(parts, { weight: this.#weightOf(container) * factor, run, level: this.#level }, next);
    }
    this.#discountHidden(next);
    return next;
  }

  #discountHidden(next: readonly object[]): void {
    if (this.#hiddenCount === 0) return;
    const newRatio = Math.max(0, 1 - this.#hiddenCount / next.length);
    for (const container of next) (this.#met.get(container) as Met).weight *= newRatio;
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
      if (bytes >= 0) this.#totalBytes += bytes * weight;
      else this.#meetContainer(part as object, { weight, run: runAt(index), level: this.#level }, next);
    }
    for (const [index, name] of parts.names.entries()) meet(this.#names, name, { weight, run: runAt(index), level: 0 });
  }

  #meetContainer(container: object, now: Met, next: object[]): void {
    const before = this.#met.get(container);
    // Its weight stays: its own level tells how many it stands for.
    if (before !== undefined && before.level < now.level) this.#hiddenCount += Math.max(0, before.weight - 1);
    else if (meet(this.#met, container, now)) next.push(container);
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
