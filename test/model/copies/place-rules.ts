import { type Place, UNKNOWN } from "./copies-state.ts";
import { NEVER } from "./relative-time.ts";
import type { Rules } from "./scope.ts";

/** What is known of a place before anything was heard. */
export function emptyPlace(): Place {
  return {
    epoch: 0,
    generation: 0,
    applied: 0,
    floor: 0,
    seen: 0,
    freshAt: NEVER,
    owed: 0,
    owedAt: NEVER,
    links: [],
  };
}

/** Where a shard stood. */
export interface PlaceStamp {
  readonly head: number;
  readonly epoch: number;
}

/** Mirrors `FreshnessTable.#forget` of src/coherence/freshness-table.ts. */
export function forget(place: Place): void {
  Object.assign(place, { ...emptyPlace(), generation: place.generation + 1 });
}

/** Mirrors `FreshnessTable.#renew`. */
export function renew(place: Place, { head, epoch }: PlaceStamp, sentAt: number): void {
  forget(place);
  Object.assign(place, { epoch, seen: head, applied: head, floor: head, freshAt: sentAt });
}

/** Mirrors `FreshnessTable.#isOther`. */
function isOther(place: Place, { head, epoch }: PlaceStamp, seenAtSend: number, rules: Rules): boolean {
  if (rules.otherEpoch && place.epoch !== 0 && place.epoch !== epoch) return true;
  return rules.lowerHead && head < seenAtSend;
}

/** Mirrors `FreshnessTable.#see`, and `hear`. */
export function see(place: Place, version: number): void {
  place.seen = Math.max(place.seen, version);
}

/** Mirrors `FreshnessTable.#prove`. */
function prove(place: Place, at: number): void {
  place.freshAt = Math.max(place.freshAt, at);
}

/** Mirrors `FreshnessTable.#advance`. */
function advance(place: Place, version: number): void {
  let applied = Math.max(version, place.applied);
  for (let link = linkFrom(place, applied); link !== undefined; link = linkFrom(place, applied)) applied = link[1];
  place.links = place.links.filter(([, linked]) => linked > applied);
  place.applied = applied;
  if (place.owed === 0 || place.owed > applied) return;
  place.owed = 0;
  prove(place, place.owedAt);
  place.owedAt = NEVER;
}

function linkFrom(place: Place, head: number): [number, number] | undefined {
  return place.links.find(([before, version]) => before === head && version > head);
}

/** Mirrors `FreshnessTable.admit`: the stamp of a read. Tells whether the data is the same as before. */
export function admit(place: Place, stamp: PlaceStamp, seenAtSend: number, rules: Rules): boolean {
  if (isOther(place, stamp, seenAtSend, rules)) {
    renew(place, stamp, NEVER);
    return false;
  }
  place.epoch = stamp.epoch;
  see(place, stamp.head);
  return true;
}

/** Mirrors `FreshnessTable.applyChange`, and `applyTags`. */
export function applyChange(place: Place, before: number, version: number, rules: Rules): void {
  see(place, version);
  if (before === UNKNOWN || version <= place.applied) return;
  if (place.applied !== 0 && (!rules.contiguous || before <= place.applied)) {
    advance(place, version);
    return;
  }
  // A map in the code: one link for each head.
  place.links = [...place.links.filter(([known]) => known !== before), [before, version] as [number, number]].sort(
    ([one], [other]) => one - other,
  );
}

/** Mirrors `FreshnessTable.#applyHead`. Tells whether changes are missing. */
export function applyHead(place: Place, head: number, sentAt: number, rules: Rules): boolean {
  see(place, head);
  if (place.applied === 0) {
    if (rules.firstFloor) place.floor = head;
    advance(place, head);
  }
  if (head <= place.applied || !rules.headAbove) {
    prove(place, sentAt);
    return false;
  }
  place.owed = head;
  place.owedAt = sentAt;
  return true;
}

/** Mirrors one turn of `FreshnessTable.applyHeads`. Tells whether the data is another. */
export function applyStamp(
  place: Place,
  stamp: PlaceStamp,
  { seenAtSend, sentAt }: { readonly seenAtSend: number; readonly sentAt: number },
  rules: Rules,
): boolean {
  if (isOther(place, stamp, seenAtSend, rules)) {
    renew(place, stamp, sentAt);
    return true;
  }
  place.epoch = stamp.epoch;
  applyHead(place, stamp.head, sentAt, rules);
  return false;
}

/** Mirrors `FreshnessTable.settle`. */
export function settle(place: Place, rules: Rules): void {
  const { owed, owedAt } = place;
  if (owed === 0) return;
  if (rules.risingFloor) place.floor = owed;
  advance(place, owed);
  prove(place, owedAt);
}
