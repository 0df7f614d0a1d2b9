import type { CommitResult, KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { CounterRequest, CounterResult } from "../backend/counter.ts";
import type { EntryWrite, StoredEntry, WriteCondition, WriteResult } from "../backend/stored-entry.ts";
import { assertInRange, moveCounter } from "./counter-move.ts";
import { readEntry } from "./entry-reader.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import type { Isolation } from "./isolation.ts";
import type { EntryDraft, MemoryStore } from "./memory-store.ts";
import type { OperationLog } from "./operation-log.ts";
import { weighEntry } from "./weigher.ts";

/** The parts of a backend that its writes work on. */
export interface WriteContext {
  readonly store: MemoryStore;
  readonly isolation: Isolation;
  readonly operations: OperationLog;
}

/**
 * Writes one entry, under its condition and tag stamp if it has them.
 *
 * @throws EntryTooLargeError, SerializationError, also when the condition would have refused the write; then nothing changed
 */
export function writeEntry(context: WriteContext, key: string, write: EntryWrite): WriteResult {
  const { store } = context;
  // Drafting comes before looking, for it may run code of the caller (getters), which may write to this store.
  const draft = draftEntry(context, key, write);
  const slot = store.findLive(key);
  const isRefused = !holds(store, slot, write.condition) || !areTagsUnchanged(store, write);
  if (isRefused) {
    const version = slot === NO_SLOT ? 0 : (store.slots.versions[slot] as number);
    return withPrevious({ stored: false, version }, previousOf(context, slot, write));
  }
  const previous = previousOf(context, slot, write);
  context.isolation.seal(draft.kept);
  return withPrevious({ stored: true, version: store.put(key, slot, draft) }, previous);
}

/**
 * Checks all, then applies all or nothing. A write whose tag stamp is too old counts as a failed check.
 *
 * @throws EntryTooLargeError, SerializationError for any of the writes; then nothing changed
 */
export function commitWrites(
  context: WriteContext,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
): CommitResult {
  const { store } = context;
  // Everything that can fail comes before anything that changes, and what may run code of the caller before the checks.
  const drafts = writes.map(({ key, write }) => (write === undefined ? undefined : draftEntry(context, key, write)));
  const isCurrent = checks.every(({ key, version }) => liveVersion(store, key) === version);
  const isAllowed = writes.every(({ write }) => write === undefined || areTagsUnchanged(store, write));
  if (!isCurrent || !isAllowed) return { committed: false, versions: [] };
  for (const draft of drafts) if (draft !== undefined) context.isolation.seal(draft.kept);
  const versions = writes.map(({ key }, index) => {
    const draft = drafts[index];
    if (draft !== undefined) return store.put(key, store.findLive(key), draft);
    deleteEntry(store, key);
    return 0;
  });
  return { committed: true, versions };
}

/**
 * Moves a counter, once per `opId`.
 *
 * @throws CounterError, also when a remembered result is outside the asked range, EntryTooLargeError; then nothing changed
 */
export function incrementEntry(context: WriteContext, key: string, request: CounterRequest): CounterResult {
  const { store, isolation, operations } = context;
  const { opId } = request;
  const known = opId === undefined ? undefined : operations.find(key, opId);
  if (known !== undefined) {
    // The first request may have asked for a wider range than this one can tell.
    assertInRange(known.value, request);
    return known;
  }
  const slot = store.findLive(key);
  const current = slot === NO_SLOT ? undefined : isolation.reveal(store.slots.values[slot]);
  const { result: value, stored: kept } = moveCounter(current, request);
  const tags = slot === NO_SLOT ? (request.tags ?? []) : (store.slots.tagSets[slot]?.tags ?? []);
  const expiresAt = slot === NO_SLOT ? store.expiryAfter(request.ttlMs) : (store.slots.expiresAt[slot] as number);
  const weightBytes = weighEntry(key, kept, tags.length);
  store.assertFits(weightBytes);
  const result: CounterResult = { value, version: store.put(key, slot, { kept, weightBytes, expiresAt, tags }) };
  if (opId !== undefined) operations.record(key, opId, result);
  return result;
}

/** Removes a key. @returns whether a live entry was there */
export function deleteEntry(store: MemoryStore, key: string): boolean {
  const slot = store.findLive(key);
  if (slot === NO_SLOT) return false;
  store.remove(slot, "deleted");
  return true;
}

/** Gives a live entry another TTL; one of 0 ends it as expired. @returns whether a live entry was there */
export function expireEntry(store: MemoryStore, key: string, ttlMs: number): boolean {
  const slot = store.findLive(key);
  if (slot === NO_SLOT) return false;
  if (ttlMs <= 0) store.remove(slot, "expired");
  else store.setExpiry(slot, store.expiryAfter(ttlMs));
  return true;
}

function draftEntry(context: WriteContext, key: string, write: EntryWrite): EntryDraft {
  const { store, isolation } = context;
  const kept = isolation.keep(write.value);
  const weightBytes = weighEntry(key, kept, write.tags.length);
  store.assertFits(weightBytes);
  return { kept, weightBytes, expiresAt: store.expiryAfter(write.ttlMs), tags: write.tags };
}

function liveVersion(store: MemoryStore, key: string): number {
  const slot = store.findLive(key);
  return slot === NO_SLOT ? 0 : (store.slots.versions[slot] as number);
}

function holds(store: MemoryStore, slot: number, condition: WriteCondition | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === "absent") return slot === NO_SLOT;
  return slot !== NO_SLOT && store.slots.versions[slot] === condition.version;
}

function areTagsUnchanged(store: MemoryStore, write: EntryWrite): boolean {
  return write.tagsUnchangedSince === undefined || store.tags.isUnchangedSince(write.tags, write.tagsUnchangedSince);
}

function previousOf(context: WriteContext, slot: number, write: EntryWrite): StoredEntry | undefined {
  if (write.returnPrevious !== true || slot === NO_SLOT) return undefined;
  return readEntry(context.store, context.isolation, slot);
}

function withPrevious(result: WriteResult, previous: StoredEntry | undefined): WriteResult {
  return previous === undefined ? result : { ...result, previous };
}
