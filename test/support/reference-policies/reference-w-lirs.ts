import { mixHash } from "../../../src/foundation/hash.ts";
import { NO_SLOT } from "../../../src/memory/eviction/eviction-policy.ts";
import { type ReferencePolicy, without } from "./reference-policy.ts";

const WINDOW_RATIOS = [0.01, 0.05, 0.2, 0.9, 1];
const FIRST_CHOICE = 1;
const BATCH_COUNT = 64;

type Place = { tag: number; time: number } | undefined;

/** Sets of four places, the newest key first, in a map. */
class ReferenceHistory {
  readonly #sets = new Map<number, Place[]>();
  #setCount = 1;

  fit(capacityCount: number): void {
    this.#setCount = 2 ** Math.round(Math.log2(Math.max(1, capacityCount / 2)));
    for (const set of [...this.#sets.keys()]) if (set >= this.#setCount) this.#sets.delete(set);
  }

  take(hash: number, now: number): number {
    const { set, tag } = this.#locate(hash);
    const index = set.findIndex((known) => known?.tag === tag);
    const found = set[index];
    if (found === undefined) return -1;
    set[index] = undefined;
    return (now - found.time) & 0xffff;
  }

  put(hash: number, time: number): void {
    const { set, tag } = this.#locate(hash);
    set.unshift({ tag, time });
    set.length = Math.min(set.length, 4);
  }

  clear(): void {
    this.#sets.clear();
  }

  #locate(hash: number): { set: Place[]; tag: number } {
    const mixed = mixHash(hash);
    const index = mixed % this.#setCount;
    const set = this.#sets.get(index) ?? [];
    this.#sets.set(index, set);
    return { set, tag: Math.max(1, Math.floor(mixed / 65_536)) };
  }
}

/** The two rings as arrays, the oldest first. */
class ReferenceClock {
  ratio: number;
  window: number[] = [];
  main: number[] = [];
  readonly hashes = new Map<number, number>();
  readonly #reads = new Map<number, number>();
  readonly #usedAt = new Map<number, number>();
  readonly #history = new ReferenceHistory();
  #now = 1;
  #insertionsInStep = 0;
  #insertionsPerStep = 1;
  #chosen = NO_SLOT;
  #isFilling = true;

  constructor(capacityCount: number, ratio: number) {
    this.ratio = ratio;
    this.fit(capacityCount);
  }

  get size(): number {
    return this.window.length + this.main.length;
  }

  fit(capacityCount: number): void {
    this.#history.fit(capacityCount);
    this.#insertionsPerStep = Math.max(1, Math.floor(capacityCount / 4_096));
  }

  inserted(slot: number, hash: number): void {
    this.#insertionsInStep += 1;
    if (this.#insertionsInStep >= this.#insertionsPerStep) {
      this.#insertionsInStep = 0;
      this.#now += 1;
    }
    this.hashes.set(slot, hash);
    this.#reads.set(slot, 0);
    this.#usedAt.set(slot, this.#now);
    const reuse = this.#history.take(hash, this.#now);
    const mayEnterMain = reuse >= 0 && this.ratio < 1 && this.main.length > 0;
    if (mayEnterMain && this.#isColder(this.#sweep(), reuse)) this.main.push(slot);
    else this.window.push(slot);
    for (let move = 0; this.#isFilling && move < 2 && this.window.length > this.#target(); move += 1) this.#promote();
    this.#isFilling = true;
  }

  touched(slot: number): void {
    this.#reads.set(slot, Math.min(3, this.#readsOf(slot) + 1));
    if (this.ratio < 1) return;
    if (this.main.includes(slot)) this.#reads.set(slot, 0);
    this.#leave(slot);
    this.window.push(slot);
    this.#usedAt.set(slot, this.#now);
  }

  removed(slot: number): void {
    if (slot === this.#chosen) this.#history.put(this.hashes.get(slot) as number, this.#usedAt.get(slot) as number);
    this.#chosen = NO_SLOT;
    this.#leave(slot);
    this.hashes.delete(slot);
  }

  victim(): number {
    this.#isFilling = false;
    this.#chosen = this.size === 0 ? NO_SLOT : this.#choose();
    return this.#chosen;
  }

  clear(): void {
    this.window = [];
    this.main = [];
    this.#history.clear();
    this.hashes.clear();
    this.#now = 1;
    this.#insertionsInStep = 0;
    this.#chosen = NO_SLOT;
    this.#isFilling = true;
  }

  #choose(): number {
    const target = this.#target();
    if (this.main.length > 0 && (this.window.length < target || this.window.length === 0)) return this.#sweep();
    if (this.main.length === 0 && this.window.length <= target) return this.window[0] as number;
    if (this.window.length > target) this.#promote();
    const candidate = this.window[0] as number;
    if (this.#readsOf(candidate) === 0) return candidate;
    const defender = this.#sweep();
    if (!this.#isColder(defender, this.#idle(candidate))) return candidate;
    this.#promote();
    return defender;
  }

  #target(): number {
    return Math.max(1, Math.floor(this.size * this.ratio));
  }

  #isColder(defender: number, reuse: number): boolean {
    return this.#readsOf(defender) === 0 && reuse < this.#idle(defender);
  }

  #idle(slot: number): number {
    return this.#now - (this.#usedAt.get(slot) as number);
  }

  #readsOf(slot: number): number {
    return this.#reads.get(slot) as number;
  }

  #sweep(): number {
    for (let step = 0; step < 16 && this.#readsOf(this.main[0] as number) > 0; step += 1) {
      const slot = this.main.shift() as number;
      this.#reads.set(slot, this.#readsOf(slot) - 1);
      this.#usedAt.set(slot, this.#now);
      this.main.push(slot);
    }
    return this.main[0] as number;
  }

  #promote(): void {
    const slot = this.window.shift() as number;
    if (this.#readsOf(slot) > 0) this.#usedAt.set(slot, this.#now);
    this.#reads.set(slot, 0);
    this.main.push(slot);
  }

  #leave(slot: number): void {
    without(this.window, slot);
    without(this.main, slot);
  }
}

/** A cache of hashes; the slot of a hash does not matter to anybody, so it is the hash itself. */
class ReferenceMiniature {
  hits = 0;
  readonly #clock: ReferenceClock;
  #capacityCount: number;

  constructor(capacityCount: number, ratio: number) {
    this.#capacityCount = capacityCount;
    this.#clock = new ReferenceClock(capacityCount, ratio);
  }

  request(hash: number): void {
    if (this.#clock.hashes.has(hash)) {
      this.hits += 1;
      this.#clock.touched(hash);
      return;
    }
    if (this.#clock.size >= this.#capacityCount) this.#clock.removed(this.#clock.victim());
    this.#clock.inserted(hash, hash);
  }

  fit(capacityCount: number, threshold: number): void {
    for (const hash of [...this.#clock.hashes.keys()]) if (hash > threshold) this.#clock.removed(hash);
    this.#capacityCount = capacityCount;
    while (this.#clock.size > capacityCount) this.#clock.removed(this.#clock.victim());
    this.#clock.fit(capacityCount);
  }

  clear(): void {
    this.hits = 0;
    this.#clock.clear();
  }
}

/** Which window is worth a change, by what miniatures of the cache would have hit. */
class ReferenceTuner {
  threshold = 0;
  choice = FIRST_CHOICE;
  #miniatureCount = 1;
  #gains = WINDOW_RATIOS.map(() => 0);
  #batch: number[] = [];
  readonly #miniatures: ReferenceMiniature[];

  constructor(capacityCount: number) {
    this.#miniatures = WINDOW_RATIOS.map((ratio) => new ReferenceMiniature(1, ratio));
    this.fit(capacityCount);
  }

  fit(capacityCount: number): void {
    this.#miniatureCount = Math.min(capacityCount, 128);
    this.threshold = Math.floor(Math.min(1, this.#miniatureCount / capacityCount) * 2 ** 32) - 2 ** 31 - 1;
    for (const miniature of this.#miniatures) miniature.fit(this.#miniatureCount, this.threshold);
  }

  request(hash: number): void {
    if (hash > this.threshold) return;
    this.#batch.push(hash);
    if (this.#batch.length < BATCH_COUNT) return;
    for (const sampled of this.#batch) for (const miniature of this.#miniatures) miniature.request(sampled);
    this.#batch = [];
    const hits = this.#miniatures.map((miniature) => miniature.hits);
    for (const miniature of this.#miniatures) miniature.hits = 0;
    const inUse = (hits[this.choice] as number) + 0.002 * BATCH_COUNT;
    this.#gains = this.#gains.map((gain, index) =>
      index === this.choice ? 0 : Math.max(0, gain + (hits[index] as number) - inUse),
    );
    const now = WINDOW_RATIOS[this.choice] as number;
    const worths = this.#gains.map(
      (gain, index) => gain - (4 + 0.25 * Math.abs((WINDOW_RATIOS[index] as number) - now) * this.#miniatureCount),
    );
    const best = Math.max(...worths);
    if (best <= 0) return;
    this.choice = worths.indexOf(best);
    this.#gains = WINDOW_RATIOS.map(() => 0);
  }

  restart(): void {
    this.#gains = WINDOW_RATIOS.map(() => 0);
    this.#batch = [];
    this.choice = FIRST_CHOICE;
  }

  clear(): void {
    for (const miniature of this.#miniatures) miniature.clear();
    this.restart();
  }
}

/** W-LIRS with arrays and maps. */
export function referenceWLirs(capacityCount: number): ReferencePolicy {
  const clock = new ReferenceClock(capacityCount, WINDOW_RATIOS[FIRST_CHOICE] as number);
  const tuner = new ReferenceTuner(capacityCount);
  let fitted = capacityCount;
  let isFilling = true;
  const use = (hash: number): void => {
    tuner.request(hash | 0);
    clock.ratio = WINDOW_RATIOS[tuner.choice] as number;
  };
  const refit = (count: number): void => {
    fitted = count;
    clock.fit(count);
    tuner.fit(count);
  };
  return {
    inserted(slot, hash) {
      clock.inserted(slot, hash);
      use(hash);
    },
    touched(slot, hash) {
      clock.touched(slot);
      use(hash);
    },
    removed: (slot) => clock.removed(slot),
    victim() {
      isFilling = false;
      if (Math.abs(clock.size - fitted) > Math.floor(fitted / 4) + 2) refit(Math.max(1, clock.size));
      return clock.victim();
    },
    resize(count) {
      refit(Math.max(1, Math.floor(count)));
      if (isFilling) tuner.restart();
      clock.ratio = WINDOW_RATIOS[tuner.choice] as number;
    },
    clear() {
      isFilling = true;
      clock.clear();
      tuner.clear();
      clock.ratio = WINDOW_RATIOS[tuner.choice] as number;
    },
  };
}
