import type { FleetEvent } from "./fleet-event.ts";

/** A read that returned what had been outdated before it began. */
export interface StaleRead {
  readonly read: FleetEvent;
  /** The change whose end came before the read, and whose generation is newer. */
  readonly change: FleetEvent;
  /** What else happened to the key around that time, in the order of its ends. */
  readonly history: readonly FleetEvent[];
}

/** Loads of one key that all began and ended while nothing changed. */
export interface RepeatedLoads {
  readonly key: string;
  readonly loads: readonly FleetEvent[];
  readonly history: readonly FleetEvent[];
}

const HISTORY_BEFORE_MICROS = 100_000;

/** Events by key, each list in the order of its ends. */
export function groupByKey(events: readonly FleetEvent[]): ReadonlyMap<string, readonly FleetEvent[]> {
  const groups = new Map<string, FleetEvent[]>();
  for (const event of events) {
    const group = groups.get(event.key);
    if (group === undefined) groups.set(event.key, [event]);
    else group.push(event);
  }
  for (const group of groups.values()) group.sort((one, other) => one.to - other.to);
  return groups;
}

/**
 * Reads that are older than a change which was over before they began. What a read may return is bounded from below by those changes alone: it may be newer, and while a
 * change is being made it may be either. O(n log n)
 */
export function findStaleReads(events: readonly FleetEvent[]): readonly StaleRead[] {
  return [...groupByKey(events).values()].flatMap(findStaleOfKey);
}

function findStaleOfKey(group: readonly FleetEvent[]): readonly StaleRead[] {
  const changes = group.filter(({ kind }) => kind === "change");
  const reads = group.filter(({ kind }) => kind === "read").sort((one, other) => one.from - other.from);
  let next = 0;
  let newest: FleetEvent | undefined;
  return reads.flatMap((read) => {
    for (; next < changes.length && (changes[next] as FleetEvent).to < read.from; next += 1) {
      const change = changes[next] as FleetEvent;
      if (newest === undefined || change.generation > newest.generation) newest = change;
    }
    if (newest === undefined || read.generation >= newest.generation) return [];
    return [{ read, change: newest, history: around(group, newest.from, read.to) }];
  });
}

/** Reads of generations that the source did not have yet: then the test itself is wrong. */
export function findImpossibleReads(events: readonly FleetEvent[]): readonly FleetEvent[] {
  return [...groupByKey(events).values()].flatMap((group) => {
    const madeAt = new Map(group.filter(({ kind }) => kind === "change").map((each) => [each.generation, each.from]));
    return group.filter(({ kind, generation, to }) => {
      return kind === "read" && generation > 1 && (madeAt.get(generation) ?? Number.POSITIVE_INFINITY) > to;
    });
  });
}

/** Keys that were loaded more than once by calls that began and loaders that ended while the source did not change. Only results that were to be stored count. */
export function findRepeatedLoads(events: readonly FleetEvent[]): readonly RepeatedLoads[] {
  const repeated: RepeatedLoads[] = [];
  for (const [key, group] of groupByKey(events)) {
    const changes = group.filter(({ kind }) => kind === "change").sort((one, other) => one.from - other.from);
    const loads = group.filter(({ kind, how }) => kind === "load" && how === "stored");
    let quietFrom = Number.NEGATIVE_INFINITY;
    for (const { from, to } of [...changes, { from: Number.POSITIVE_INFINITY, to: 0 }]) {
      const quiet = loads.filter((load) => load.from > quietFrom && load.to < from);
      if (quiet.length > 1) {
        const [first, last] = [quiet[0] as FleetEvent, quiet.at(-1) as FleetEvent];
        repeated.push({ key, loads: quiet, history: around(group, first.from, last.to) });
      }
      quietFrom = Math.max(quietFrom, to);
    }
  }
  return repeated;
}

function around(group: readonly FleetEvent[], from: number, to: number): readonly FleetEvent[] {
  return group.filter((event) => event.to >= from - HISTORY_BEFORE_MICROS && event.from <= to);
}

/** A finding for people: one line each. */
export function describeHistory(history: readonly FleetEvent[]): string {
  return history
    .map(({ kind, how, process, key, generation, from, to }) => {
      const span = `${(from / 1_000).toFixed(3)} … ${(to / 1_000).toFixed(3)} ms`;
      return `  ${span}  process ${process}  ${kind} (${how}) of ${key}: generation ${generation}`;
    })
    .join("\n");
}
