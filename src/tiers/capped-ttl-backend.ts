import type { Backend } from "../backend/backend.ts";
import type { KeyWrite } from "../backend/commit.ts";
import type { LoadTier } from "../backend/load-tier.ts";
import type { EntryWrite } from "../backend/stored-entry.ts";
import { createForwardingBackend } from "./forwarding-backend.ts";

/**
 * A store in which no entry lives longer than `maxTtlMs`, whatever a write says: sets and batches, fills and renewals of loads, new ends, counters that begin, commits. How long an
 * entry is kept beyond its end to stand in (`staleMs`) comes on top, as for any entry.
 *
 * It stands around all tiers and not in front of the last one, so that copies in this process end with the shortened entry as well. And it is a store rather than a rule where options
 * are resolved, because not every TTL comes from there: an `update` keeps the one it finds, a counter of a store that cannot count too. The facade learns the bound from
 * {@link Backend.maxTtlMs} all the same, for what it makes of a TTL before it writes: jitter, the time of an early refresh, whether data can stand in at all.
 *
 * An existing counter keeps its own end, and so does what others wrote without the bound.
 *
 * @param maxTtlMs above 0, finite
 */
export function createCappedTtlBackend(target: Backend, maxTtlMs: number): Backend {
  const { increment, commit, loadTier } = target;
  const cap = (write: EntryWrite): EntryWrite => capWrite(write, maxTtlMs);
  return Object.assign(createForwardingBackend(target), {
    maxTtlMs,
    set: (key, write, context) => target.set(key, cap(write), context),
    setMulti: (items, context) =>
      target.setMulti(
        items.map(([key, write]) => [key, cap(write)] as const),
        context,
      ),
    expire: (key, ttlMs, context) => target.expire(key, Math.min(ttlMs, maxTtlMs), context),
    ...(increment && {
      increment: (key, request, context) =>
        increment.call(target, key, { ...request, ttlMs: Math.min(request.ttlMs, maxTtlMs) }, context),
    }),
    ...(commit && {
      commit: (checks, writes, context) => commit.call(target, checks, writes.map(capKeyWrite(cap)), context),
    }),
    ...(loadTier && { loadTier: capLoads(loadTier, maxTtlMs) }),
    // They are for caches in front, which stand behind this.
    sharedTier: undefined,
    revalidation: undefined,
  } satisfies Partial<Backend>);
}

/** A sliding TTL is the one that reads start anew, so it is bounded too. */
function capWrite(write: EntryWrite, maxTtlMs: number): EntryWrite {
  const { ttlMs, slidingTtlMs } = write;
  if (ttlMs <= maxTtlMs && (slidingTtlMs === undefined || slidingTtlMs <= maxTtlMs)) return write;
  const capped = { ...write, ttlMs: Math.min(ttlMs, maxTtlMs) };
  return slidingTtlMs === undefined ? capped : { ...capped, slidingTtlMs: Math.min(slidingTtlMs, maxTtlMs) };
}

function capKeyWrite(cap: (write: EntryWrite) => EntryWrite): (change: KeyWrite) => KeyWrite {
  return (change) => (change.write === undefined ? change : { ...change, write: cap(change.write) });
}

/** What gives data an end is capped; the rest is the tier's own. */
function capLoads(tier: LoadTier, maxTtlMs: number): LoadTier {
  const { renew } = tier;
  const watchKey = tier.watchKey?.bind(tier);
  const claimRefresh = tier.claimRefresh?.bind(tier);
  const releaseRefresh = tier.releaseRefresh?.bind(tier);
  return {
    getOrLease: (key, request, context) => tier.getOrLease(key, request, context),
    fill: (key, fill, context) => tier.fill(key, { ...fill, write: capWrite(fill.write, maxTtlMs) }, context),
    ...(renew && {
      renew: (key, renewal, context) =>
        renew.call(tier, key, { ...renewal, ttlMs: Math.min(renewal.ttlMs, maxTtlMs) }, context),
    }),
    release: (key, token, context) => tier.release(key, token, context),
    ...(watchKey && { watchKey }),
    ...(claimRefresh && { claimRefresh }),
    ...(releaseRefresh && { releaseRefresh }),
  };
}
