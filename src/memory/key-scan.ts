import type { Scheduler } from "../foundation/scheduler.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Slots looked at between two turns of the event loop. */
const SLICE_SLOT_COUNT = 1_000;

/** What a scan needs besides its prefix. */
export interface KeyScanContext {
  readonly scheduler: Scheduler;
  readonly signal: AbortSignal | undefined;
  /** See `OperationContext.isStaleListed`. */
  readonly isStaleListed?: boolean | undefined;
  /** Throws when the store was closed meanwhile. */
  readonly assertOpen: () => void;
}

/**
 * The live keys that begin with `prefix`, in slices of up to 1,000, with a turn of the event loop between them.
 *
 * Walks over slots, not over the index: an entry keeps its slot however often it is rewritten, so a key that is there
 * throughout comes exactly once, and the walk ends although others keep inserting. Keys that come or go meanwhile may
 * or may not be listed, and one that goes and comes again may be listed twice. O(n)
 */
export async function* scanKeys(
  store: MemoryStore,
  prefix: string,
  context: KeyScanContext,
): AsyncGenerator<readonly string[]> {
  context.assertOpen();
  const end = store.slots.highWater;
  for (let start = 0; start < end; start += SLICE_SLOT_COUNT) {
    if (start > 0) await new Promise<void>((resolve) => context.scheduler.soon(resolve));
    context.signal?.throwIfAborted();
    context.assertOpen();
    const keys = keysOfSlots(store, prefix, { start, end: Math.min(end, start + SLICE_SLOT_COUNT) }, context);
    if (keys.length > 0) yield keys;
  }
}

function keysOfSlots(
  store: MemoryStore,
  prefix: string,
  { start, end }: { readonly start: number; readonly end: number },
  { isStaleListed = false }: KeyScanContext,
): string[] {
  const keys: string[] = [];
  for (let slot = start; slot < end; slot += 1) {
    if (slot >= store.slots.highWater) break;
    const key = store.slots.refs.key(slot);
    // What is dead for good may be listed with what stands in: ending it once more changes nothing.
    if (key?.startsWith(prefix) && (isStaleListed || store.deaths.causeOf(slot) === undefined)) keys.push(key);
  }
  return keys;
}
