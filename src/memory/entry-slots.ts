import type { RandomSource } from "../foundation/random-source.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import { KeyIndex } from "./index/key-index.ts";
import type { NamespaceScope } from "./namespace-scopes.ts";
import { RefPages } from "./ref-pages.ts";
import { Float64Pages } from "./slot-pages.ts";
import { SlotRefs } from "./slot-refs.ts";
import type { TagSet } from "./tag-table.ts";

/**
 * Where entries live. An entry has a slot: a small number, the same in all arrays, from its insertion to its removal, however
 * often it is rewritten. Freed slots are used again, last freed first.
 *
 * ```text
 * index: key → slot
 *  slot │ refs: key, value │ versions │ weights │ dueTimes, deadlines │ staleTimes │ scope │ tagSets │ index.hashes
 *     0 │ "a"  {...}       │ 1700...1 │     212 │ Infinity            │          0 │ root  │         │ 0x5bd1e995
 *     1 │ (free)
 * ```
 */
export class EntrySlots {
  readonly refs: SlotRefs = new SlotRefs();
  readonly versions: Float64Pages = new Float64Pages();
  /** In bytes. Empty before {@link EntrySlots.keepWeights}. */
  readonly weights: Float64Pages = new Float64Pages();
  /** Instants in store time at which somebody has to look after entries; `Infinity` for never. Empty before {@link EntrySlots.keepDeadlines}. */
  readonly dueTimes: Float64Pages = new Float64Pages();
  /** How long entries are kept beyond their deadlines, in ms; 0: not. Empty before {@link EntrySlots.keepStaleTimes}. */
  readonly staleTimes: Float64Pages = new Float64Pages();
  /** Tags of the entries that have any. */
  readonly tagSets: RefPages<TagSet> = new RefPages();
  readonly index: KeyIndex;
  /** The scope of all entries that have none in `#scopes`: most caches have one namespace, and pay for no more. */
  readonly #commonScope: NamespaceScope;
  readonly #scopes: RefPages<NamespaceScope> = new RefPages();
  #hasScopes = false;
  #keepsWeights = false;
  #keepsDeadlines = false;
  #keepsStaleTimes = false;
  #deadlines: Float64Pages = this.dueTimes;
  /** The slot freed last; the place of a free slot's hash names the one freed before it. A list that needs no memory: freeing never fails. */
  #lastFree: number = NO_SLOT;
  #freeCount = 0;
  #highWater = 0;

  constructor(random: RandomSource, commonScope: NamespaceScope) {
    this.#commonScope = commonScope;
    this.index = new KeyIndex(this.refs, random);
  }

  /** One above the highest slot ever taken: where walks over all slots end. */
  get highWater(): number {
    return this.#highWater;
  }

  /** How many slots are taken. */
  get size(): number {
    return this.index.size;
  }

  /**
   * Instants in store time at which entries end; `Infinity` for never. While nothing is kept beyond its end, an entry is to be looked after when it ends, and
   * these are the {@link EntrySlots.dueTimes} themselves; {@link EntrySlots.keepStaleTimes} makes them numbers of their own.
   */
  get deadlines(): Float64Pages {
    return this.#deadlines;
  }

  /** From now on slots have weights, of 0 at first. Asked for by stores with a bound in bytes; the others save the memory. O(n) */
  keepWeights(): void {
    if (this.#keepsWeights) return;
    this.#keepsWeights = true;
    this.weights.fill(this.#highWater, 0);
  }

  /** From now on slots have deadlines, `Infinity` at first. Asked for with the first TTL. O(n) */
  keepDeadlines(): void {
    if (this.#keepsDeadlines) return;
    this.#keepsDeadlines = true;
    this.dueTimes.fill(this.#highWater, Number.POSITIVE_INFINITY);
  }

  /** From now on entries may be kept beyond their deadlines. Asked for with the first that is: 16 bytes a slot that the others save. O(n) */
  keepStaleTimes(): void {
    if (this.#keepsStaleTimes) return;
    this.keepDeadlines();
    const deadlines = new Float64Pages();
    deadlines.fill(this.#highWater, Number.POSITIVE_INFINITY);
    this.staleTimes.fill(this.#highWater, 0);
    for (let slot = 0; slot < this.#highWater; slot += 1) deadlines.set(slot, this.dueTimes.get(slot));
    this.#deadlines = deadlines;
    this.#keepsStaleTimes = true;
  }

  /** The scope that the entry of a taken slot was inserted into. */
  scope(slot: number): NamespaceScope {
    return this.#hasScopes ? (this.#scopes.get(slot) ?? this.#commonScope) : this.#commonScope;
  }

  /** Whether a slot below the high water holds an entry. */
  isTaken(slot: number): boolean {
    return this.refs.key(slot) !== undefined;
  }

  /**
   * Takes a slot for a key that has none. The caller fills in version, weight and deadline. Nothing is taken when it throws.
   *
   * @throws RangeError when the platform has no room for larger arrays
   */
  take(key: string, hash: number, value: unknown, scope: NamespaceScope): number {
    const isFree = this.#lastFree !== NO_SLOT;
    const slot = isFree ? this.#lastFree : this.#highWater;
    const nextFree = isFree ? this.index.hashes.get(slot) : NO_SLOT;
    // What can throw comes first.
    if (!isFree) {
      this.refs.ensure(slot);
      this.index.hashes.ensure(slot);
      this.versions.ensure(slot);
      if (this.#keepsWeights) this.weights.ensure(slot);
      if (this.#keepsDeadlines) this.#prepareTimes(slot);
    }
    this.index.insert(key, hash, slot);
    this.refs.fill(slot, key, value);
    if (scope !== this.#commonScope) this.#setScope(slot, scope);
    if (isFree) {
      this.#lastFree = nextFree;
      this.#freeCount -= 1;
    } else {
      this.#highWater += 1;
    }
    return slot;
  }

  /** Gives a taken slot to another key that has none. Tags, deadline, version and weight are still those of the former entry. Cannot fail. */
  handOver(slot: number, key: string, hash: number, value: unknown, scope: NamespaceScope): void {
    this.index.rename(slot, key, hash);
    this.refs.fill(slot, key, value);
    if (this.#hasScopes || scope !== this.#commonScope) this.#setScope(slot, scope);
  }

  /** Gives a slot back that has no tags and no deadline any more, and drops what it refers to. */
  release(slot: number): void {
    this.index.remove(slot);
    if (this.index.size === 0 && this.#highWater > SMALL_COUNT) {
      // Nothing left: give the arrays back too, so that a cleared cache is as small as a new one.
      this.reset();
      return;
    }
    this.refs.drop(slot);
    if (this.#hasScopes) this.#scopes.set(slot, undefined);
    this.index.hashes.set(slot, this.#lastFree);
    this.#lastFree = slot;
    this.#freeCount += 1;
  }

  /** Back to nothing. */
  reset(): void {
    this.index.clear();
    this.refs.clear();
    this.versions.clear();
    this.weights.clear();
    this.dueTimes.clear();
    this.#deadlines.clear();
    this.staleTimes.clear();
    this.#scopes.clear();
    this.#hasScopes = false;
    this.tagSets.clear();
    this.#lastFree = NO_SLOT;
    this.#freeCount = 0;
    this.#highWater = 0;
  }

  /** Every taken slot. O(n) */
  *taken(): Generator<number> {
    for (let slot = 0; slot < this.#highWater; slot += 1) if (this.isTaken(slot)) yield slot;
  }

  /** Makes room for the times of a slot that was never taken. Whoever frees a slot leaves them as they are set here. */
  #prepareTimes(slot: number): void {
    this.dueTimes.ensure(slot);
    this.dueTimes.set(slot, Number.POSITIVE_INFINITY);
    if (!this.#keepsStaleTimes) return;
    this.staleTimes.ensure(slot);
    this.staleTimes.set(slot, 0);
    this.#deadlines.ensure(slot);
    this.#deadlines.set(slot, Number.POSITIVE_INFINITY);
  }

  #isTimeless(slot: number): boolean {
    if (!this.#keepsDeadlines) return true;
    const isEndless = this.dueTimes.get(slot) === Number.POSITIVE_INFINITY;
    if (!this.#keepsStaleTimes) return isEndless;
    return isEndless && this.#deadlines.get(slot) === Number.POSITIVE_INFINITY && this.staleTimes.get(slot) === 0;
  }

  #setScope(slot: number, scope: NamespaceScope): void {
    this.#scopes.set(slot, scope === this.#commonScope ? undefined : scope);
    this.#hasScopes = true;
  }

  /** Throws when index, arrays and free slots disagree. O(n). */
  checkInvariants(): void {
    const taken = [...this.taken()];
    this.index.checkInvariants(taken);
    if (taken.length + this.#freeCount !== this.#highWater) {
      throw new Error("entry slots: a slot is neither taken nor free");
    }
    const free = new Set<number>();
    for (let slot = this.#lastFree; slot !== NO_SLOT && !free.has(slot); slot = this.index.hashes.get(slot))
      free.add(slot);
    if (free.size !== this.#freeCount) throw new Error("entry slots: a slot is free twice, or lost");
    for (const slot of free) {
      const isDropped = !this.isTaken(slot) && this.refs.value(slot) === undefined;
      const isUnmarked = this.#scopes.get(slot) === undefined && this.tagSets.get(slot) === undefined;
      if (!isDropped || !isUnmarked || !this.#isTimeless(slot)) {
        throw new Error(`entry slots: free slot ${slot} holds something`);
      }
    }
  }
}

/** Arrays up to so many slots are kept when the last entry leaves, for small stores empty themselves often. */
const SMALL_COUNT = 1_024;
