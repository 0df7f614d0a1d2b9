import type { Clock } from "../../foundation/clock.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { isPlausible } from "./record-format.ts";
import { deathCause } from "./record-life.ts";
import { readKey } from "./record-text.ts";
import type { SharedStore } from "./shared-store.ts";

/** Buckets looked at between two turns of the event loop: about a millisecond. */
const SLICE_BUCKET_COUNT = 4_096;

/** What a scan needs besides its prefix. */
export interface SharedScanContext {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly signal: AbortSignal | undefined;
  /** Throws when the store was closed meanwhile. */
  readonly assertOpen: () => void;
}

/**
 * The live keys that begin with `prefix`, in slices, with a turn of the event loop between them. Walks over buckets: a key never
 * leaves its bucket, and each bucket is seen at one instant, so a key that is there throughout comes exactly once. O(buckets + n)
 */
export async function* scanShared(
  store: SharedStore,
  prefix: string,
  context: SharedScanContext,
): AsyncGenerator<readonly string[]> {
  context.assertOpen();
  const { bucketCount } = store.slab.layout;
  for (let start = 0; start < bucketCount; start += SLICE_BUCKET_COUNT) {
    if (start > 0) await new Promise<void>((resolve) => context.scheduler.soon(resolve));
    context.signal?.throwIfAborted();
    context.assertOpen();
    const keys: string[] = [];
    const end = Math.min(bucketCount, start + SLICE_BUCKET_COUNT);
    for (let bucket = start; bucket < end; bucket += 1) {
      for (const key of bucketKeys(store, context.clock, bucket)) if (key.startsWith(prefix)) keys.push(key);
    }
    if (keys.length > 0) yield keys;
  }
}

/** The live keys of a bucket at one instant: what was copied counts only if the bucket is still as it was. */
function bucketKeys(store: SharedStore, clock: Clock, bucket: number): readonly string[] {
  const { chain, slab, segments, scopeCells } = store;
  for (;;) {
    chain.loadHead(bucket);
    if (chain.head === 0) return [];
    const count = chain.collect(0);
    const keys: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const address = chain.addresses[index] as number;
      if (!isPlausible(slab, address)) break;
      if (deathCause(slab, scopeCells, clock, address) === undefined) keys.push(readKey(slab, segments, address));
    }
    if (chain.isHeadUnchanged()) return keys;
  }
}
