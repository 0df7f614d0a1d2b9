import { KeyFailovers } from "./failover.ts";
import type { Actor, ChangeEvent, ReadEvent, TierHistory } from "./tier-event.ts";

/** A value that was written once. */
export interface WrittenValue {
  readonly change: ChangeEvent;
  /**
   * By then it was committed, if it ever was. What is loaded counts from the begin of its loader: what changed since voids its token, so it is never stored over that.
   */
  committedBy: number;
  /** By then it was in the store for certain. Of a load it is later: whoever finds nothing while its loader runs has not found that it is over. */
  storedBy: number;
  /** Where somebody learned it. */
  version: number | undefined;
}

/** Proof that some state of a key was reached. */
export interface Evidence {
  /** It was not reached before. */
  readonly from: number;
  /** It was reached by then. */
  readonly to: number;
  readonly version: number | undefined;
  /** Whether nothing was there, and nobody says since when. */
  readonly isAbsence: boolean;
  /** It binds reads that end before. */
  readonly until: number;
  readonly source: ChangeEvent | ReadEvent;
}

/** All that is known of one key. */
export interface KeyHistory {
  readonly key: string;
  readonly changes: readonly ChangeEvent[];
  readonly reads: readonly ReadEvent[];
  readonly values: ReadonlyMap<string, WrittenValue>;
  /** In the order of their ends. */
  readonly evidence: readonly Evidence[];
  readonly failovers: KeyFailovers;
}

/** Whose event it is. */
export function actorOf({ process, life }: Actor): string {
  return `${process}.${life}`;
}

/** Sorts a history by keys; what concerns several is in each. O(n log n) */
export function historiesByKey(history: TierHistory): readonly KeyHistory[] {
  const changes = new Map<string, ChangeEvent[]>();
  const reads = new Map<string, ReadEvent[]>();
  for (const change of history.changes) for (const key of change.keys) add(changes, key, change);
  for (const read of history.reads) add(reads, read.key, read);
  return [...new Set([...changes.keys(), ...reads.keys()])].map((key) =>
    historyOf(key, changes.get(key) ?? [], reads.get(key) ?? [], new KeyFailovers(key, history.failovers ?? [])),
  );
}

function historyOf(key: string, changes: ChangeEvent[], reads: ReadEvent[], failovers: KeyFailovers): KeyHistory {
  changes.sort((one, other) => one.from - other.from);
  reads.sort((one, other) => one.from - other.from);
  const values = new Map<string, WrittenValue>();
  for (const change of changes) {
    const value = change.values?.[change.keys.indexOf(key)];
    if (value === undefined) continue;
    const committedBy = change.how === "load" ? change.from : change.to;
    values.set(value, { change, committedBy, storedBy: change.to, version: change.version });
  }
  for (const { how, value, version, to } of reads) {
    const written = value === null || how === "getOrSet" ? undefined : values.get(value);
    if (written === undefined) continue;
    written.version ??= version;
    written.committedBy = Math.min(written.committedBy, to);
    written.storedBy = Math.min(written.storedBy, to);
  }
  const evidence = [
    ...changes.flatMap((change) => evidenceOfChange(change, failovers)),
    ...reads.flatMap((read) => evidenceOfRead(read, values, failovers)),
  ];
  evidence.sort((one, other) => one.to - other.to);
  return { key, changes, reads, values, evidence, failovers };
}

/** A load is no change until somebody reads what it stored. */
function evidenceOfChange(change: ChangeEvent, failovers: KeyFailovers): readonly Evidence[] {
  const { how, from, version } = change;
  if (change.to === Number.POSITIVE_INFINITY || how === "load" || how === "expire") return [];
  return [{ from, version, isAbsence: false, source: change, ...failovers.bindingOf(change) }];
}

/** What `getOrSet` returns may be its loader's, and stored nowhere. */
function evidenceOfRead(
  read: ReadEvent,
  values: ReadonlyMap<string, WrittenValue>,
  failovers: KeyFailovers,
): readonly Evidence[] {
  const { how, value, from, to } = read;
  if (how === "getOrSet") return [];
  if (value === null) {
    // It may be that of its tag, which another server keeps.
    const binding = failovers.bindingOf({ how: "invalidateTags", from, to, version: undefined });
    return [{ from, version: undefined, isAbsence: true, source: read, ...binding }];
  }
  const written = values.get(value);
  if (written === undefined) return [];
  const { change } = written;
  const version = read.version ?? written.version;
  const { until } = failovers.bindingOf({ ...change, version, to: Math.min(written.committedBy, to) });
  const binding = failovers.bindingOf({ how: undefined, from, to, version });
  return [{ from: change.from, version, isAbsence: false, source: read, ...binding, until }];
}

/** Whether a value was over for certain once something else had happened. Versions grow, also over losses, for they are instants of one machine's clock. */
export function isSuperseded(
  value: WrittenValue,
  version: number | undefined,
  by: Pick<Evidence, "from" | "version" | "isAbsence">,
): boolean {
  const known = version ?? value.version;
  if (known !== undefined && by.version !== undefined) return by.version > known;
  return by.from > (by.isAbsence ? value.storedBy : value.committedBy);
}

function add<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}
