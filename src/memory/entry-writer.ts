import type { CommitResult, KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { CounterRequest, CounterResult } from "../backend/counter.ts";
import type { EntryWrite, StoredEntry, WriteCondition, WriteResult } from "../backend/stored-entry.ts";
import type { RemovalCause } from "../entry/removal.ts";
import { assertInRange, moveCounter } from "./counter-move.ts";
import { readEntry } from "./entry-reader.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import type { Isolation } from "./isolation.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { OperationLog } from "./operation-log.ts";

/** The parts of a backend that its writes work on. */
export interface WriteContext {
  readonly store: MemoryStore;
  readonly isolation: Isolation;
  readonly operations: OperationLog;
}

/** An entry on its way into the store: isolated and weighed. */
interface EntryDraft {
  readonly kept: unknown;
  readonly weightBytes: number;
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
  const hash = store.hash(key);
  const slot = store.findLive(key, hash);
  const isRefused = !holds(store, slot, write.condition) || !areTagsUnchanged(store, write);
  if (isRefused) {
    const version = slot === NO_SLOT ? 0 : store.slots.versions.get(slot);
    return withPrevious({ stored: false, version }, previousOf(context, slot, write));
  }
  const previous = previousOf(context, slot, write);
  context.isolation.seal(draft.kept);
  return withPrevious({ stored: true, version: putDraft(store, key, hash, slot, draft, write) }, previous);
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
  const versions = writes.map(({ key, write }, index) => {
    const draft = drafts[index];
    if (draft !== undefined && write !== undefined) {
      const hash = store.hash(key);
      return putDraft(store, key, hash, store.findLive(key, hash), draft, write);
    }
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
  const before = findCounter(store, key);
  const move = moveCounter(isolation.reveal(before.value), request);
  const weightBytes = store.weigh(key, move.stored, counterTags(store, before.slot, request).length);
  // A weigher of the caller's may have written meanwhile, this key or others: what counts is what is there now.
  const { hash, slot, value: current } = findCounter(store, key);
  const isSame = slot === before.slot && current === before.value;
  const { result: value, stored: kept } = isSame ? move : moveCounter(isolation.reveal(current), request);
  const tags = counterTags(store, slot, request);
  const counterSlot =
    slot === NO_SLOT
      ? store.put(key, hash, slot, kept, weightBytes, store.lifetimes.deadlineAfter(request.ttlMs), tags)
      : store.rewrite(slot, key, hash, kept, weightBytes);
  const result: CounterResult = { value, version: store.slots.versions.get(counterSlot) };
  if (opId !== undefined) operations.record(key, opId, result);
  return result;
}

function findCounter(store: MemoryStore, key: string): { hash: number; slot: number; value: unknown } {
  const hash = store.hash(key);
  const slot = store.findLive(key, hash);
  return { hash, slot, value: slot === NO_SLOT ? undefined : store.slots.refs.value(slot) };
}

function counterTags(store: MemoryStore, slot: number, request: CounterRequest): readonly string[] {
  return slot === NO_SLOT ? (request.tags ?? []) : (store.slots.tagSets.get(slot)?.tags ?? []);
}

/** Removes a key, what stands in for it included. @returns whether a live entry was there */
export function deleteEntry(store: MemoryStore, key: string): boolean {
  return endEntry(store, key, "deleted");
}

/**
 * Gives a live entry another TTL; it is kept beyond it for as long as before. One of 0 ends it as expired, and what stands in ends too.
 *
 * @returns whether a live entry was there
 */
export function expireEntry(store: MemoryStore, key: string, ttlMs: number): boolean {
  if (ttlMs <= 0) return endEntry(store, key, "expired");
  const slot = store.findLive(key, store.hash(key));
  if (slot === NO_SLOT) return false;
  store.lifetimes.moveEnd(slot, store.lifetimes.deadlineAfter(ttlMs));
  return true;
}

/** @returns whether a live entry was there */
function endEntry(store: MemoryStore, key: string, cause: RemovalCause): boolean {
  const hash = store.hash(key);
  const liveSlot = store.findLive(key, hash);
  const isLive = liveSlot !== NO_SLOT;
  const slot = isLive ? liveSlot : store.findStandIn(key, hash);
  if (slot !== NO_SLOT) store.remove(slot, isLive ? cause : "expired");
  return isLive;
}

function draftEntry(context: WriteContext, key: string, write: EntryWrite): EntryDraft {
  const { store, isolation } = context;
  const kept = isolation.keep(write.value);
  return { kept, weightBytes: store.weigh(key, kept, write.tags.length) };
}

/** @returns the new version */
function putDraft(
  store: MemoryStore,
  key: string,
  hash: number,
  liveSlot: number,
  { kept, weightBytes }: EntryDraft,
  write: EntryWrite,
): number {
  const { staleMs = 0 } = write;
  if (staleMs > 0) store.lifetimes.keepStaleTimes();
  const deadline = store.lifetimes.deadlineAfter(write.ttlMs);
  const slot = store.put(key, hash, liveSlot, kept, weightBytes, deadline, write.tags);
  if (staleMs > 0) store.lifetimes.setStale(slot, staleMs);
  if (write.slidingTtlMs !== undefined) store.lifetimes.setSliding(slot, write.slidingTtlMs);
  return store.slots.versions.get(slot);
}

function liveVersion(store: MemoryStore, key: string): number {
  const slot = store.findLive(key, store.hash(key));
  return slot === NO_SLOT ? 0 : store.slots.versions.get(slot);
}

function holds(store: MemoryStore, slot: number, condition: WriteCondition | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === "absent") return slot === NO_SLOT;
  return slot !== NO_SLOT && store.slots.versions.get(slot) === condition.version;
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
