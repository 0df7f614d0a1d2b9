import type { TierViolation } from "./check-staleness.ts";
import { actorOf, type KeyHistory } from "./key-history.ts";
import type { ChangeEvent, ReadEvent } from "./tier-event.ts";

/** Differences of clocks, their grains, and the store's own. */
const GRAIN_MICROS = 30_000;

/** Values of other keys, and values that nobody wrote. */
export function findForeign({ key, reads, values }: KeyHistory): readonly TierViolation[] {
  return reads.flatMap((read) => {
    if (read.value === null || values.has(read.value)) return [];
    return [{ rule: "not of this key", key, at: read.from, text: `process ${actorOf(read)} read ${read.value}` }];
  });
}

/** Entries that were confirmed, that nothing can have ended, and that the store did not have. */
export function findLost({ key, changes, reads, values, failovers }: KeyHistory): readonly TierViolation[] {
  // Ends of removers: which were before a change cannot have ended what it wrote.
  const removers = changes.filter(isRemover);
  const latestEnds: number[] = [];
  for (const { to, ttlMs } of removers) {
    // What is written with a TTL ends others twice: when it is written, and when it ends itself.
    const end = ttlMs === undefined ? to : Number.POSITIVE_INFINITY;
    latestEnds.push(Math.max(latestEnds.at(-1) ?? 0, end));
  }
  const confirmed = changes
    .filter(({ how, to, ttlMs }) => how === "set" && ttlMs === undefined && to < Number.POSITIVE_INFINITY)
    // What is written with a tag lives by what the server of tags knows of it.
    .map((change) => ({ ...change, ...failovers.bindingOf({ ...change, how: "invalidateTags" }) }));
  return reads.flatMap((read) => {
    if (read.value !== null) return [];
    const begun = countBefore(removers, read.to);
    const lastEnd = begun === 0 ? 0 : (latestEnds[begun - 1] as number);
    const lost = confirmed.findLast(
      (change) => change.to < read.from && change.from > lastEnd && read.to < change.until,
    );
    if (lost === undefined) return [];
    const text = `process ${actorOf(read)} read nothing by ${read.how} at ${(read.from / 1_000).toFixed(3)} … ${(read.to / 1_000).toFixed(3)} ms after ${lost.values?.[0]} was written by ${actorOf(lost)} at ${(lost.from / 1_000).toFixed(3)} … ${(lost.to / 1_000).toFixed(3)} ms; ${values.size} values`;
    return [{ rule: "lost write", key, at: read.from, text }];
  });
}

function isRemover({ how, ttlMs }: ChangeEvent): boolean {
  return ttlMs !== undefined || (how !== "set" && how !== "setMulti" && how !== "load");
}

function countBefore(changes: readonly ChangeEvent[], instant: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as ChangeEvent).from < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Values that were served when their time was over. An `expire` of another process may be as late as every change: `boundMicros` is D + e. */
export function findEnded(history: KeyHistory, boundMicros: number): readonly TierViolation[] {
  const { key, changes, reads, values, failovers } = history;
  // One that a failover may have lost may be any time's, like one whose outcome nobody knows.
  const expires = changes
    .filter(({ how }) => how === "expire")
    .map((change) => (failovers.isTouched(change) ? { ...change, to: Number.POSITIVE_INFINITY } : change));
  const ends = new Map<string, number>();
  for (const [value, { change, storedBy }] of values) ends.set(value, endOf(change, storedBy, expires, boundMicros));
  return reads.flatMap((read) => {
    const endedAt = read.value === null ? undefined : ends.get(read.value);
    if (endedAt === undefined || read.from <= endedAt || isLateLoad(history, read)) return [];
    const text = `process ${actorOf(read)} read ${read.value} by ${read.how} ${((read.from - endedAt) / 1_000).toFixed(3)} ms after its end; it was written by ${values.get(read.value as string)?.change.how}`;
    return [{ rule: "served after its end", key, at: read.from, text }];
  });
}

function isLateLoad({ values }: KeyHistory, { how, value }: ReadEvent): boolean {
  return how === "getOrSet" && values.get(value as string)?.change.how === "load";
}

function endOf(change: ChangeEvent, storedBy: number, expires: readonly ChangeEvent[], boundMicros: number): number {
  const later = expires.filter(({ to }) => to > change.from);
  const [only] = later;
  if (only === undefined) {
    return change.ttlMs === undefined || change.how === "load"
      ? Number.POSITIVE_INFINITY
      : change.to + change.ttlMs * 1_000 + GRAIN_MICROS;
  }
  // Of several any may be the last that counts; one that came before the value has nothing to do with it: also while its loader ran.
  if (later.length > 1 || only.from < storedBy || only.ttlMs === undefined) return Number.POSITIVE_INFINITY;
  return only.to + only.ttlMs * 1_000 + boundMicros + GRAIN_MICROS;
}
