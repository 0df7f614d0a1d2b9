import type { BackendUsage } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import type { RemovalCause } from "../entry/removal.ts";
import { attainableBounds, CapacityEstimate, type StoreBounds } from "./capacity-estimate.ts";
import { EntryDeaths } from "./entry-deaths.ts";
import { EntrySlots } from "./entry-slots.ts";
import { EntryTags, NO_TAGS } from "./entry-tags.ts";
import { EntryWeights } from "./entry-weights.ts";
import { type EvictionPolicyName, policyMaker } from "./eviction/eviction-policies.ts";
import { type EvictionPolicy, NO_SLOT } from "./eviction/eviction-policy.ts";
import { movePolicy } from "./eviction/move-policy.ts";
import { EntryLifetimes } from "./expiry/entry-lifetimes.ts";
import type { KeyIndex } from "./index/key-index.ts";
import type { MemoryStoreOptions } from "./memory-store-options.ts";
import { NamespaceScopes } from "./namespace-scopes.ts";
import { RemovalQueue } from "./removal-queue.ts";
import type { Float64Pages } from "./slot-pages.ts";
import type { SlotRefs } from "./slot-refs.ts";
import { Sweeper } from "./sweeper.ts";
import { TagTable } from "./tag-table.ts";
import { createVersionCounter, type VersionCounter } from "./version-counter.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** The policy's idea of the capacity is looked at once in so many insertions, a power of 2. */
const CAPACITY_CHECK_COUNT = 64;

/**
 * The engine: entries with their bounds, liveness and removal. Knows no conditions, copies or counters: those are built on it.
 *
 * Invariants, after every public call: at most `maxKeys` (and `MAX_ENTRY_COUNT`) entries and `maxSizeBytes` of weight, dead ones included; the policy knows exactly the taken slots;
 * scopes and tags count exactly what points to them; every entry that left was noted once in {@link MemoryStore.removals}; a timer is set only while an entry with a TTL is stored.
 *
 * An entry is dead when it expired, one of its tags was invalidated, or its namespace was cleared. Dead entries are never served; they are removed by whoever meets them: a read, a write,
 * an eviction, the expiry schedule or the sweeper. Unless a sweep is passing there are none but expired ones, so a read looks at nothing else. Expired ones that have time to stand in
 * stay, dead as they are, until that is over too; the policy may choose them as any other.
 */
export class MemoryStore {
  readonly slots: EntrySlots;
  readonly tags: TagTable = new TagTable();
  readonly versions: VersionCounter;
  readonly removals: RemovalQueue;
  readonly lifetimes: EntryLifetimes;
  readonly deaths: EntryDeaths;
  readonly #index: KeyIndex;
  readonly #refs: SlotRefs;
  readonly #versions: Float64Pages;
  readonly #weights: EntryWeights;
  readonly #scopes = new NamespaceScopes();
  readonly #entryTags: EntryTags;
  readonly #sweeper: Sweeper;
  readonly #policyOf: (name: EvictionPolicyName) => EvictionPolicy;
  #policy: EvictionPolicy;
  readonly #capacity: CapacityEstimate;
  #maxKeys: number;
  #maxSizeBytes: number;
  #insertCount = 0;
  #evictionCount = 0;

  constructor(options: MemoryStoreOptions, host: BackendHost) {
    const bounds = attainableBounds(options);
    this.#maxKeys = bounds.maxKeys;
    this.#maxSizeBytes = bounds.maxSizeBytes;
    this.slots = new EntrySlots(host.random, this.#scopes.root);
    this.#index = this.slots.index;
    this.#refs = this.slots.refs;
    this.#versions = this.slots.versions;
    this.#weights = new EntryWeights(this.slots, options.weigh);
    if (bounds.maxSizeBytes !== NEVER) this.#weights.keep();
    this.versions = createVersionCounter(host.clock);
    this.removals = new RemovalQueue(host);
    this.#capacity = new CapacityEstimate(bounds);
    this.#policyOf = policyMaker(host.random, () => this.#capacity.toldCount);
    this.#policy = this.#policyOf(options.evictionPolicy);
    this.#entryTags = new EntryTags(this.slots, this.tags);
    const sliceEnded = (): void => this.removals.flush();
    this.#sweeper = new Sweeper(
      this.slots,
      { removeIfDead: (slot) => this.deaths.endIfDead(slot), sliceEnded },
      host.scheduler,
    );
    this.lifetimes = new EntryLifetimes({
      target: {
        removeExpired: (slot) => this.deaths.end(slot, "expired"),
        standInChanged: (slot, change) => this.#scopes.countStandIns(this.slots.scope(slot), change),
        sliceEnded,
      },
      slots: this.slots,
      host,
      cleanupIntervalMs: options.cleanupIntervalMs,
    });
    this.deaths = new EntryDeaths({
      ...{ slots: this.slots, lifetimes: this.lifetimes, entryTags: this.#entryTags, sweeper: this.#sweeper },
      remove: (slot, cause) => this.remove(slot, cause),
    });
  }

  /** The value of a live key, or `undefined`. Counts as a use, and prolongs a sliding TTL. Allocates nothing. */
  get(key: string): unknown {
    const slot = this.read(key);
    return slot === NO_SLOT ? undefined : this.#refs.value(slot);
  }

  /** The slot of a live key, or `NO_SLOT`; otherwise as {@link MemoryStore.get}. The path of every hit. */
  read(key: string): number {
    const hash = this.#index.hash(key);
    const slot = this.#index.find(key, hash);
    if (slot === NO_SLOT) return NO_SLOT;
    if (this.lifetimes.mortalCount !== 0 && !this.lifetimes.use(slot)) {
      this.deaths.end(slot, "expired");
      return NO_SLOT;
    }
    if (this.#sweeper.isPassing && !this.deaths.lives(slot)) return NO_SLOT;
    this.#policy.touched(slot, hash);
    return slot;
  }

  /**
   * Writes a value as it is.
   *
   * @param ttlMs time to live in ms, > 0; `Infinity`, the default: for ever
   * @returns the new version
   * @throws EntryTooLargeError; then nothing changed
   */
  set(key: string, value: unknown, ttlMs: number = NEVER): number {
    const weightBytes = this.weigh(key, value, 0);
    const hash = this.#index.hash(key);
    const deadline = this.lifetimes.deadlineAfter(ttlMs);
    const slot = this.put(key, hash, this.findLive(key, hash), value, weightBytes, deadline, NO_TAGS);
    return this.#versions.get(slot);
  }

  /** The hash to ask {@link MemoryStore.findLive} with. */
  hash(key: string): number {
    return this.#index.hash(key);
  }

  /** The slot of a live entry, or `NO_SLOT`. No use: the policy is not told. A dead entry that is met is removed unless it stands in. */
  findLive(key: string, hash: number): number {
    const slot = this.#index.find(key, hash);
    if (slot === NO_SLOT) return NO_SLOT;
    if (this.lifetimes.mortalCount === 0 && !this.#sweeper.isPassing) return slot;
    return this.deaths.lives(slot) ? slot : NO_SLOT;
  }

  /** The slot of data that stands in, or `NO_SLOT`. Only right after `findLive` said that there is no live entry: what it leaves stands in. */
  findStandIn(key: string, hash: number): number {
    return this.lifetimes.staleCount === 0 ? NO_SLOT : this.#index.find(key, hash);
  }

  /**
   * Weighs an entry; 0 without a byte bound.
   *
   * @throws EntryTooLargeError when it can never fit
   */
  weigh(key: string, value: unknown, tagCount: number): number {
    return this.#weights.weigh(key, value, tagCount, this.#maxSizeBytes);
  }

  /**
   * Writes an entry that fits, making room first. O(1) besides the entries that have to leave.
   *
   * @param liveSlot what `findLive` said about the key just now
   * @returns its slot
   */
  put(
    key: string,
    hash: number,
    liveSlot: number,
    value: unknown,
    weightBytes: number,
    deadline: number,
    tags: readonly string[],
  ): number {
    const formerSlot = liveSlot === NO_SLOT ? this.findStandIn(key, hash) : liveSlot;
    const slot =
      formerSlot === NO_SLOT
        ? this.#insert(key, hash, weightBytes, value)
        : this.rewrite(formerSlot, key, hash, value, weightBytes);
    this.#entryTags.set(slot, tags);
    if (deadline !== NEVER || this.lifetimes.mortalCount !== 0) this.lifetimes.set(slot, deadline);
    return slot;
  }

  /** Gives the entry of a slot another value that fits; its end and its tags stay. Whatever has to leave for it, it keeps the slot. @returns it */
  rewrite(slot: number, key: string, hash: number, value: unknown, weightBytes: number): number {
    this.#policy.touched(slot, hash);
    const growthBytes = weightBytes - this.#weights.of(slot);
    if (growthBytes !== 0) {
      const isTooMuch = this.#weights.totalBytes + growthBytes > this.#maxSizeBytes;
      if (isTooMuch && this.#makeRoom(growthBytes, slot)) this.#policy.inserted(slot, this.#index.hashes.get(slot));
      this.#setWeight(slot, weightBytes);
    }
    this.#refs.setValue(slot, value);
    this.#versions.set(slot, this.versions.next());
    this.removals.add(key, this.lifetimes.isStandIn(slot) ? "expired" : "replaced");
    return slot;
  }

  /** Removes the entry of a taken slot and notes why. */
  remove(slot: number, cause: RemovalCause): void {
    const key = this.#refs.key(slot) as string;
    const weightBytes = this.#weights.of(slot);
    this.#policy.removed(slot, this.#index.hashes.get(slot));
    this.#entryTags.set(slot, NO_TAGS);
    this.#scopes.count(this.slots.scope(slot), -1, -weightBytes);
    this.#weights.set(slot, 0, weightBytes);
    if (this.lifetimes.mortalCount !== 0) this.lifetimes.set(slot, NEVER);
    this.slots.release(slot);
    this.removals.add(key, cause);
  }

  /** Ends every entry that carries one of the tags. */
  invalidateTags(tags: readonly string[]): void {
    let isAnyHit = false;
    for (const tag of tags) isAnyHit = this.tags.invalidate(tag, this.versions.next()) || isAnyHit;
    if (isAnyHit) this.#sweeper.request();
  }

  /** Ends every entry of a namespace and those inside it. */
  clear(path: NamespacePath): void {
    if (this.#scopes.clear(path)) this.#sweeper.request();
  }

  /** Sets other bounds; one that is left out stays. Entries above them are evicted at once. O(evicted), and O(n) when entries have to be weighed now for the first time. */
  resize(bounds: Partial<StoreBounds>): void {
    const current = { maxKeys: this.#maxKeys, maxSizeBytes: this.#maxSizeBytes };
    const { maxKeys, maxSizeBytes } = attainableBounds({ ...current, ...bounds });
    const isFirstWeighed = !this.#weights.isKept && maxSizeBytes !== NEVER;
    if (isFirstWeighed) this.#weights.keep();
    this.#maxKeys = maxKeys;
    this.#maxSizeBytes = maxSizeBytes;
    if (isFirstWeighed) for (const slot of this.slots.taken()) this.#setWeight(slot, this.#weights.reweigh(slot));
    this.#capacity.rebound({ maxKeys, maxSizeBytes });
    this.#makeRoom(0, NO_SLOT);
    this.#tellCapacity();
  }

  /** Chooses victims by another policy from now on. O(n), in one step. */
  changePolicy(name: EvictionPolicyName): void {
    this.#policy = movePolicy(this.#policy, this.#policyOf(name), (slot) => this.#index.hashes.get(slot));
  }

  /**
   * What a namespace and those inside it hold; evictions are those of the whole store. Keys whose TTL is over count until somebody meets them, the
   * expiry schedule at the latest; the memory is that of all data, what stands in included. O(1), with a bound in bytes.
   */
  usage(path: NamespacePath): BackendUsage {
    return { ...this.#scopes.usage(path, this.#weights), evictions: this.#evictionCount };
  }

  /** Stops background work and frees the memory, without telling of removals. */
  close(): void {
    this.#sweeper.stop();
    this.lifetimes.stop();
    this.removals.clear();
    this.#policy.clear();
    this.slots.reset();
    this.#entryTags.clear();
    this.#scopes.clear("");
    this.#weights.totalBytes = 0;
  }

  /** Throws when an invariant of this class does not hold. O(n · namespaces). */
  checkInvariants(): void {
    this.slots.checkInvariants();
    this.#policy.checkInvariants();
    const taken = [...this.slots.taken()];
    this.lifetimes.checkInvariants(taken);
    this.#entryTags.checkInvariants(taken);
    this.#scopes.checkInvariants(
      taken.map((slot) => [this.slots.scope(slot), this.#weights.of(slot), this.lifetimes.isStandIn(slot)]),
    );
    const totalBytes = this.#weights.checkInvariants(taken);
    if (this.slots.size > this.#maxKeys || totalBytes > this.#maxSizeBytes)
      throw new Error("memory store: above a bound");
  }

  #insert(key: string, hash: number, weightBytes: number, value: unknown): number {
    // First, for it may fail where there is no memory, and nothing has changed yet.
    this.#insertCount += 1;
    if ((this.#insertCount & (CAPACITY_CHECK_COUNT - 1)) === 0) this.#tellCapacity();
    const isFull = this.#index.size >= this.#maxKeys || this.#weights.totalBytes + weightBytes > this.#maxSizeBytes;
    const victim = isFull ? this.#makeRoomForOne(weightBytes) : NO_SLOT;
    const slot =
      victim === NO_SLOT
        ? this.#add(key, hash, value, weightBytes)
        : this.#handOver(victim, key, hash, value, weightBytes);
    this.#versions.set(slot, this.versions.next());
    return slot;
  }

  #add(key: string, hash: number, value: unknown, weightBytes: number): number {
    const scope = this.#scopes.ofKey(key);
    let slot = NO_SLOT;
    try {
      slot = this.slots.take(key, hash, value, scope);
      // Not `hash`: the index may just have gone over to another one.
      this.#policy.inserted(slot, this.#index.hashes.get(slot));
    } catch (error) {
      // No room for larger arrays: what was taken is given back, and with it a scope that was made for this entry.
      if (slot !== NO_SLOT) this.slots.release(slot);
      this.#scopes.count(scope, 0, 0);
      throw error;
    }
    this.#weights.set(slot, weightBytes, 0);
    this.#scopes.count(scope, 1, weightBytes);
    return slot;
  }

  /** Lets a newcomer take the slot of the policy's victim, which leaves: an eviction and an insertion in one. Nothing in it can fail. */
  #handOver(victim: number, key: string, hash: number, value: unknown, weightBytes: number): number {
    const formerKey = this.#refs.key(victim) as string;
    const formerHash = this.#index.hashes.get(victim);
    const formerScope = this.slots.scope(victim);
    const formerBytes = this.#weights.of(victim);
    const cause = this.#leavingCause(victim);
    const scope = this.#scopes.ofKey(key);
    // While the slot still is the former entry's, whose scope may count it as one that stands in.
    if (this.lifetimes.mortalCount !== 0) this.lifetimes.set(victim, NEVER);
    this.slots.handOver(victim, key, hash, value, scope);
    this.#policy.replaced(victim, formerHash, this.#index.hashes.get(victim));
    this.#entryTags.set(victim, NO_TAGS);
    if (scope !== formerScope || weightBytes !== formerBytes) {
      this.#weights.set(victim, weightBytes, formerBytes);
      // In this order, so that a scope both are in is not dropped between.
      this.#scopes.count(scope, 1, weightBytes);
      this.#scopes.count(formerScope, -1, -formerBytes);
    }
    this.removals.add(formerKey, cause);
    return victim;
  }

  /** Why an entry that the policy chose leaves. Counts evictions. */
  #leavingCause(victim: number): RemovalCause {
    const mayBeDead = this.lifetimes.mortalCount !== 0 || this.#sweeper.isPassing;
    const cause = (mayBeDead ? this.deaths.causeOf(victim) : undefined) ?? "evicted";
    if (cause === "evicted") this.#evictionCount += 1;
    return cause;
  }

  #setWeight(slot: number, weightBytes: number): void {
    const formerBytes = this.#weights.of(slot);
    this.#weights.set(slot, weightBytes, formerBytes);
    this.#scopes.count(this.slots.scope(slot), 0, weightBytes - formerBytes);
  }

  /**
   * Evicts until a newcomer has room, but for the last victim, whose slot it shall take.
   *
   * @returns that victim; `NO_SLOT` when there is room without
   */
  #makeRoomForOne(sizeBytes: number): number {
    while (this.#index.size >= this.#maxKeys || this.#weights.totalBytes + sizeBytes > this.#maxSizeBytes) {
      if (this.#freeDead(NO_SLOT)) continue;
      const victim = this.#policy.victim();
      if (victim === NO_SLOT) return NO_SLOT;
      const isLast =
        this.#index.size <= this.#maxKeys &&
        this.#weights.totalBytes - this.#weights.of(victim) + sizeBytes <= this.#maxSizeBytes;
      if (isLast) return victim;
      this.remove(victim, this.#leavingCause(victim));
    }
    return NO_SLOT;
  }

  /**
   * Evicts until the bounds leave room for entries to grow. Ends because every round removes an entry or takes `spared` from the policy.
   *
   * @param spared a slot that stays. When the policy chooses it, the policy has to forget it, or it would choose it for ever.
   * @returns whether the policy forgot `spared`: the caller inserts it again
   */
  #makeRoom(growthBytes: number, spared: number): boolean {
    let isSparedForgotten = false;
    while (this.#index.size > this.#maxKeys || this.#weights.totalBytes + growthBytes > this.#maxSizeBytes) {
      if (this.#freeDead(spared)) continue;
      const victim = this.#policy.victim();
      if (victim === NO_SLOT) break;
      if (victim === spared) {
        this.#policy.removed(spared, this.#index.hashes.get(spared));
        isSparedForgotten = true;
        continue;
      }
      this.remove(victim, this.#leavingCause(victim));
    }
    return isSparedForgotten;
  }

  /** Removes a dead entry but `spared`, if one is at hand. @returns whether it did */
  #freeDead(spared: number): boolean {
    if (this.lifetimes.mortalCount === 0 && !this.#sweeper.isPassing) return false;
    return this.#sweeper.freeOne(spared) || this.lifetimes.freeOne(spared);
  }

  #tellCapacity(): void {
    const capacityCount = this.#capacity.changed(this.slots.size, this.#weights.totalBytes);
    if (capacityCount !== undefined) this.#policy.resize(capacityCount);
  }
}
