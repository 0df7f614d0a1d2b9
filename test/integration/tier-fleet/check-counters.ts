import type { TierViolation } from "./check-staleness.ts";
import { actorOf, type KeyHistory } from "./key-history.ts";
import type { ChangeEvent, ReadEvent } from "./tier-event.ts";

/**
 * Holds what is read of a counter against the increments: those that were confirmed must be in it, those that were begun may be. Where the store's data was lost meanwhile, nothing is said;
 * and increments about the time of a failover may be lost, or not. A copy that lacks some is stale: that is another promise than that each is counted once.
 *
 * @param boundMicros D + e, for what a copy answers
 */
export function findMiscounted(history: KeyHistory, boundMicros: number): readonly TierViolation[] {
  const { key, changes, reads, failovers } = history;
  const wipes = changes.filter(({ how }) => how === "wipe");
  const increments = changes.filter(({ how }) => how === "increment");
  const begun = increments.map(({ from }) => from);
  const confirmed = increments
    .filter(({ to }) => to < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.to - other.to);
  const confirmedBy = confirmed.map(({ to }) => to);
  const doubtfulBy = confirmed.filter((change) => failovers.isTouched(change)).map(({ to }) => to);
  const hasFailed = (read: ReadEvent): boolean => failovers.all.some(({ promotedAt }) => promotedAt <= read.to);
  const wrong = reads.flatMap((read) => {
    const bound = read.isFar === true ? 0 : boundMicros;
    const wipe = wipes.findLast(({ from }) => from < read.to);
    if (wipe !== undefined && wipe.to >= read.from - bound) return [];
    const since = wipe?.to ?? 0;
    const lost = hasFailed(read) ? countIn(doubtfulBy, since, read.from - bound) : 0;
    const least = countIn(confirmedBy, since, read.from - bound) - straddling(confirmed, wipe) - lost;
    // What was sent before the loss may arrive after it.
    const most = countIn(begun, 0, read.to) - (wipe === undefined ? 0 : countIn(confirmedBy, 0, wipe.from));
    const value = read.value === null ? 0 : Number(read.value);
    return value >= least && value <= most ? [] : [tell(key, read, value, least, most)];
  });
  const certain = confirmed.filter((change) => !failovers.isTouched(change));
  return [...wrong, ...findTwice(key, certain, wipes)];
}

/** Increments that were confirmed after a loss, but may have happened before it. */
function straddling(confirmed: readonly ChangeEvent[], wipe: ChangeEvent | undefined): number {
  if (wipe === undefined) return 0;
  return confirmed.filter(({ from, to }) => from < wipe.to && to > wipe.to).length;
}

/** The same number told to two callers between two losses. */
function findTwice(key: string, confirmed: readonly ChangeEvent[], wipes: readonly ChangeEvent[]): TierViolation[] {
  const told = new Map<string, ChangeEvent>();
  return confirmed.flatMap((change) => {
    if (wipes.some(({ from, to }) => change.from < to && change.to > from)) return [];
    const era = wipes.filter(({ to }) => to < change.from).length;
    const name = `${era}:${change.result}`;
    const other = told.get(name);
    told.set(name, change);
    if (other === undefined) return [];
    const text = `${change.result} was told to ${actorOf(other)} and to ${actorOf(change)}`;
    return [{ rule: "counter", key, at: change.from, text }];
  });
}

function tell(key: string, read: ReadEvent, value: number, least: number, most: number): TierViolation {
  const isCopy = read.isFar === false;
  const place = isCopy ? "a copy" : "the store";
  const text = `process ${actorOf(read)} read ${value} by ${read.how} from ${place} at ${(read.from / 1_000).toFixed(3)} ms, which is not within ${least} … ${most}`;
  // What a copy lacks, the store may have: then nothing was miscounted, and somebody served what was over.
  return { rule: isCopy && value < least ? "G2 bounded staleness" : "counter", key, at: read.from, text };
}

/** How many of some instants, in their order, are after one and before another. */
function countIn(instants: readonly number[], after: number, before: number): number {
  return Math.max(0, lowerBound(instants, before) - lowerBound(instants, after));
}

function lowerBound(instants: readonly number[], instant: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] as number) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
