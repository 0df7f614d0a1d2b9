import type { StoredEntry } from "../backend/stored-entry.ts";
import { NO_TAGS } from "./entry-tags.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import type { Isolation } from "./isolation.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The entry of a taken slot, as the caller may have it. */
export function readEntry(store: MemoryStore, isolation: Isolation, slot: number): StoredEntry {
  const { slots } = store;
  const slidingTtlMs = store.lifetimes.slidingTtl(slot);
  return {
    value: isolation.reveal(slots.refs.value(slot)),
    version: slots.versions.get(slot),
    expiresAt: store.lifetimes.expiresAt(slot),
    tags: slots.tagSets.get(slot)?.tags ?? NO_TAGS,
    ...(slidingTtlMs === undefined ? undefined : { slidingTtlMs }),
  };
}

/** The live entry of a key; counts as a use for the policy. */
export function getEntry(store: MemoryStore, isolation: Isolation, key: string): StoredEntry | undefined {
  const slot = store.read(key);
  return slot === NO_SLOT ? undefined : readEntry(store, isolation, slot);
}

/** The live entry of a key, or the data that stands in for it, which says an end in the past. No use, and a sliding TTL goes on as it was. */
export function getStaleEntry(store: MemoryStore, isolation: Isolation, key: string): StoredEntry | undefined {
  const hash = store.hash(key);
  const liveSlot = store.findLive(key, hash);
  if (liveSlot !== NO_SLOT) return readEntry(store, isolation, liveSlot);
  const slot = store.findStandIn(key, hash);
  if (slot === NO_SLOT) return undefined;
  return { ...readEntry(store, isolation, slot), expiresAt: store.lifetimes.endedAt(slot) };
}

/** The live entry of a key, for who is no user: the policy is not told, and a sliding TTL goes on as it was. */
export function inspectEntry(store: MemoryStore, isolation: Isolation, key: string): StoredEntry | undefined {
  const slot = store.findLive(key, store.hash(key));
  return slot === NO_SLOT ? undefined : readEntry(store, isolation, slot);
}
