import type { StoredEntry } from "../backend/stored-entry.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import type { Isolation } from "./isolation.ts";
import type { MemoryStore } from "./memory-store.ts";

const NO_TAGS: readonly string[] = Object.freeze([]);

/** The entry of a taken slot, as the caller may have it. */
export function readEntry(store: MemoryStore, isolation: Isolation, slot: number): StoredEntry {
  const { slots } = store;
  return {
    value: isolation.reveal(slots.values[slot]),
    version: slots.versions[slot] as number,
    expiresAt: slots.expiresAt[slot] as number,
    tags: slots.tagSets[slot]?.tags ?? NO_TAGS,
  };
}

/** The live entry of a key; counts as a use for the policy. */
export function getEntry(store: MemoryStore, isolation: Isolation, key: string): StoredEntry | undefined {
  const slot = store.findLive(key);
  if (slot === NO_SLOT) return undefined;
  store.touch(slot);
  return readEntry(store, isolation, slot);
}

/** The live value of a key; counts as a use for the policy. */
export function getValue(store: MemoryStore, isolation: Isolation, key: string): unknown {
  const slot = store.findLive(key);
  if (slot === NO_SLOT) return undefined;
  store.touch(slot);
  return isolation.reveal(store.slots.values[slot]);
}
