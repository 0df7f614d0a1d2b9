import type { BackendUsage } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import type { RemovalCause } from "../entry/removal.ts";
import type { Clock } from "../foundation/clock.ts";
import { EntryTooLargeError } from "../foundation/errors.ts";
import { hashString } from "../foundation/hash.ts";
import { attainableBounds, CapacityEstimate, type StoreBounds } from "./capacity-estimate.ts";
import { EntrySlots } from "./entry-slots.ts";
import { type EvictionPolicyName, evictionPolicyFactory } from "./eviction/eviction-policies.ts";
import { type EvictionPolicy, NO_SLOT } from "./eviction/eviction-policy.ts";
import { type NamespaceScope, NamespaceScopes } from "./namespace-scopes.ts";
import { RemovalQueue } from "./removal-queue.ts";
import { Sweeper } from "./sweeper.ts";
import { TagTable } from "./tag-table.ts";
import { createVersionCounter, type VersionCounter } from "./version-counter.ts";

/** What a store is made with. */
export interface MemoryStoreOptions extends StoreBounds {
  readonly evictionPolicy: EvictionPolicyName;
  readonly cleanupIntervalMs: number;
}

/** An entry on its way into the store: isolated and weighed. */
export interface EntryDraft {
  readonly kept: unknown;
  readonly weightBytes: number;
  /** Wall-clock ms; `Infinity` for never. */
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

/**
 * The entries with their bounds, liveness and removal. Knows no conditions, copies or counters: those are built on it.
 *
 * Invariants, after every public call: at most `maxKeys` (and `MAX_ENTRY_COUNT`) entries and `maxSizeBytes` of weight, dead ones included;
 * the policy knows exactly the taken slots; scopes and tags count exactly what points to them; every entry that left was
 * noted once in {@link MemoryStore.removals}; the timer is set only while an entry with a TTL is stored.
 *
 * An entry is dead when it expired, one of its tags was invalidated, or its namespace was cleared. Dead entries are
 * never served; they are removed by whoever meets them: a read, a write, an eviction or the sweeper.
 */
export class MemoryStore {
  readonly slots: EntrySlots = new EntrySlots();
  readonly tags: TagTable = new TagTable();
  readonly versions: VersionCounter;
  readonly removals: RemovalQueue;
  readonly #scopes = new NamespaceScopes();
  readonly #clock: Clock;
  readonly #bounds: StoreBounds;
  readonly #capacity: CapacityEstimate;
  readonly #sweeper: Sweeper;
  readonly #policy: EvictionPolicy;
  #totalBytes = 0;
  #expiringCount = 0;
  #evictionCount = 0;

  constructor(options: MemoryStoreOptions, host: BackendHost) {
    this.#bounds = attainableBounds(options);
    this.#clock = host.clock;
    this.versions = createVersionCounter(host.clock);
    this.removals = new RemovalQueue(host.onRemoval, host.scheduler);
    this.#capacity = new CapacityEstimate(this.#bounds);
    const policyOptions = { capacityCount: this.#capacity.toldCount, random: host.random };
    this.#policy = evictionPolicyFactory(options.evictionPolicy)(policyOptions);
    this.#sweeper = new Sweeper(this, host.scheduler, options.cleanupIntervalMs);
  }

  /** Where walks over all slots end; see {@link Sweeper}. */
  get highWater(): number {
    return this.slots.highWater;
  }

  /** The wall-clock instant at which a TTL that starts now ends. */
  expiryAfter(ttlMs: number): number {
    return this.#clock.wallMs() + ttlMs;
  }

  /** The slot of a live entry, or `NO_SLOT`. A dead entry that is met is removed. */
  findLive(key: string): number {
    const slot = this.slots.find(key);
    if (slot === NO_SLOT) return NO_SLOT;
    const cause = this.deathCause(slot);
    if (cause === undefined) return slot;
    this.remove(slot, cause);
    return NO_SLOT;
  }

  /** Why the entry of a taken slot is dead; `undefined` when it lives. */
  deathCause(slot: number): RemovalCause | undefined {
    const expiresAt = this.slots.expiresAt[slot] as number;
    if (expiresAt !== Number.POSITIVE_INFINITY && this.#clock.wallMs() >= expiresAt) return "expired";
    if (!this.tags.isCurrent(this.slots.tagSets[slot])) return "invalidated";
    return this.slots.scopes[slot]?.isCleared === true ? "invalidated" : undefined;
  }

  /** Tells the policy that an entry was read. */
  touch(slot: number): void {
    this.#policy.touched(slot);
  }

  /**
   * Refuses what can never fit.
   *
   * @throws EntryTooLargeError
   */
  assertFits(weightBytes: number): void {
    if (weightBytes > this.#bounds.maxSizeBytes) throw new EntryTooLargeError(weightBytes, this.#bounds.maxSizeBytes);
  }

  /**
   * Writes an entry that fits, making room first. O(1) besides the entries that have to leave.
   *
   * @param liveSlot what `findLive` said about the key just now
   * @returns the new version
   */
  put(key: string, liveSlot: number, draft: EntryDraft): number {
    const version = this.versions.next();
    const slot =
      liveSlot === NO_SLOT ? this.#insert(key, draft.weightBytes) : this.#replace(key, liveSlot, draft.weightBytes);
    const { slots } = this;
    slots.values[slot] = draft.kept;
    slots.versions[slot] = version;
    // Take the new tags before the old ones go, so that a record both have is not dropped and made again.
    const former = slots.tagSets[slot];
    slots.tagSets[slot] = this.tags.retain(draft.tags);
    this.tags.release(former);
    this.setExpiry(slot, draft.expiresAt);
    this.#tellCapacity();
    return version;
  }

  /** Gives an entry another end. */
  setExpiry(slot: number, expiresAt: number): void {
    const before = this.slots.expiresAt[slot] as number;
    this.slots.expiresAt[slot] = expiresAt;
    this.#countExpiring(toCount(expiresAt) - toCount(before));
  }

  /** Removes the entry of a taken slot and notes why. */
  remove(slot: number, cause: RemovalCause): void {
    const { slots } = this;
    const key = slots.keys[slot] as string;
    const weightBytes = slots.weights[slot] as number;
    this.#policy.removed(slot);
    this.tags.release(slots.tagSets[slot]);
    this.#scopes.count(slots.scopes[slot] as NamespaceScope, -1, -weightBytes);
    this.#totalBytes -= weightBytes;
    this.#countExpiring(-toCount(slots.expiresAt[slot] as number));
    slots.release(slot);
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

  /** What a namespace and those inside it hold; evictions are those of the whole store. */
  usage(path: NamespacePath): BackendUsage {
    const scope = this.#scopes.find(path);
    return {
      keyCount: scope?.keyCount ?? 0,
      memoryUsageBytes: scope?.weightBytes ?? 0,
      evictions: this.#evictionCount,
    };
  }

  /** See {@link Sweeper}: removes the slot's entry when it is dead. */
  sweepSlot(slot: number): boolean {
    if (this.slots.keys[slot] === undefined) return false;
    const cause = this.deathCause(slot);
    if (cause === undefined) return false;
    this.remove(slot, cause);
    return true;
  }

  /** See {@link Sweeper}. */
  sliceEnded(isLast: boolean): void {
    if (isLast && this.#expiringCount > 0) this.#sweeper.arm();
    this.removals.flush();
  }

  /** Stops background work and frees the memory, without telling of removals. */
  close(): void {
    this.#sweeper.stop();
    this.removals.clear();
    this.#policy.clear();
    this.slots.reset();
    this.tags.clear();
    this.#scopes.clear("");
    this.#totalBytes = 0;
    this.#expiringCount = 0;
  }

  /** Throws when an invariant of this class does not hold. O(n · namespaces). */
  checkInvariants(): void {
    const { slots } = this;
    slots.checkInvariants();
    this.#policy.checkInvariants();
    const taken = [...slots.index.values()];
    this.tags.checkInvariants(taken.flatMap((slot) => slots.tagSets[slot] ?? []));
    this.#scopes.checkInvariants(
      taken.map((slot) => [slots.scopes[slot] as NamespaceScope, slots.weights[slot] as number]),
    );
    const totalBytes = taken.reduce((total, slot) => total + (slots.weights[slot] as number), 0);
    if (totalBytes !== this.#totalBytes)
      throw new Error(`memory store: ${this.#totalBytes} bytes counted of ${totalBytes}`);
    if (slots.size > this.#bounds.maxKeys || totalBytes > this.#bounds.maxSizeBytes)
      throw new Error("memory store: above a bound");
    const expiring = taken.filter((slot) => slots.expiresAt[slot] !== Number.POSITIVE_INFINITY).length;
    if (expiring !== this.#expiringCount) throw new Error("memory store: entries with a TTL are miscounted");
    if (this.#sweeper.isArmed && expiring === 0) throw new Error("memory store: the timer is set for nothing");
  }

  #insert(key: string, weightBytes: number): number {
    this.#makeRoom(1, weightBytes, NO_SLOT);
    const slot = this.slots.take(key);
    const scope = this.#scopes.ofKey(key);
    this.slots.scopes[slot] = scope;
    this.slots.weights[slot] = weightBytes;
    this.slots.expiresAt[slot] = Number.POSITIVE_INFINITY;
    this.#scopes.count(scope, 1, weightBytes);
    this.#totalBytes += weightBytes;
    this.#policy.inserted(slot, hashString(key));
    return slot;
  }

  /** Prepares a live entry's slot for its next value. The entry keeps its slot, whatever has to leave for it. */
  #replace(key: string, slot: number, weightBytes: number): number {
    this.#policy.touched(slot);
    const growthBytes = weightBytes - (this.slots.weights[slot] as number);
    const isForgotten = growthBytes > 0 && this.#makeRoom(0, growthBytes, slot);
    if (isForgotten) this.#policy.inserted(slot, hashString(key));
    this.slots.weights[slot] = weightBytes;
    this.#scopes.count(this.slots.scopes[slot] as NamespaceScope, 0, growthBytes);
    this.#totalBytes += growthBytes;
    this.removals.add(key, "replaced");
    return slot;
  }

  /**
   * Evicts until the bounds leave room. Ends because every round removes an entry or takes `spared` from the policy.
   *
   * @param spared a slot that stays. When the policy chooses it, the policy has to forget it, or it would choose it for ever.
   * @returns whether the policy forgot `spared`: the caller inserts it again
   */
  #makeRoom(keyCount: number, sizeBytes: number, spared: number): boolean {
    const { maxKeys, maxSizeBytes } = this.#bounds;
    let isSparedForgotten = false;
    while (this.slots.size + keyCount > maxKeys || this.#totalBytes + sizeBytes > maxSizeBytes) {
      if (this.#sweeper.isPassing && this.#sweeper.freeOne(spared)) continue;
      const victim = this.#policy.victim();
      if (victim === NO_SLOT) break;
      if (victim === spared) {
        this.#policy.removed(spared);
        isSparedForgotten = true;
        continue;
      }
      const cause = this.deathCause(victim) ?? "evicted";
      if (cause === "evicted") this.#evictionCount += 1;
      this.remove(victim, cause);
    }
    return isSparedForgotten;
  }

  #tellCapacity(): void {
    const capacityCount = this.#capacity.changed(this.slots.size, this.#totalBytes);
    if (capacityCount !== undefined) this.#policy.resize(capacityCount);
  }

  #countExpiring(change: number): void {
    if (change === 0) return;
    this.#expiringCount += change;
    if (this.#expiringCount === 0) this.#sweeper.disarm();
    else if (change > 0) this.#sweeper.arm();
  }
}

function toCount(expiresAt: number): number {
  return expiresAt === Number.POSITIVE_INFINITY ? 0 : 1;
}
