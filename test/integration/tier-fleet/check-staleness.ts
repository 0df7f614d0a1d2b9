import { actorOf, type Evidence, isSuperseded, type KeyHistory } from "./key-history.ts";
import type { ReadEvent } from "./tier-event.ts";

/** A promise that was broken. */
export interface TierViolation {
  readonly rule: TierRule;
  readonly key: string;
  readonly text: string;
  /** Around it look for what happened. */
  readonly at: number;
}

/** What is promised. */
export type TierRule =
  | "G1 nothing older than seen, G3 own writes"
  | "G1 no stale store"
  | "G2 bounded staleness"
  | "G4 receipt"
  | "G5 acknowledged"
  | "lost write"
  | "served after its end"
  | "counter"
  | "deadline"
  | "not of this key";

/** A rule that bounds reads from below. */
interface StalenessRule {
  readonly rule: TierRule;
  /** How long after some evidence a read may still be without it. */
  readonly boundMicros: number;
  readonly evidence: readonly Evidence[];
  readonly reads: readonly ReadEvent[];
}

/** Everything that was read and was over for too long. `boundMicros` is D + e. */
export function findStale(history: KeyHistory, boundMicros: number): readonly TierViolation[] {
  const reads = history.reads.filter((read) => read.value !== null && !isOwnLoad(history, read, boundMicros));
  const { evidence } = history;
  const coherent = evidence
    .filter(({ source }) => "isCoherent" in source && source.isCoherent)
    .map((proof) => ({ ...proof, to: history.failovers.acknowledgedBy(proof.to, boundMicros) }))
    .sort((one, other) => one.to - other.to);
  const rules: StalenessRule[] = [
    { rule: "G2 bounded staleness", boundMicros, evidence, reads },
    { rule: "G1 no stale store", boundMicros: 0, evidence, reads: reads.filter(({ isFar }) => isFar === true) },
    { rule: "G5 acknowledged", boundMicros: 0, evidence: coherent, reads },
  ];
  for (const actor of new Set(reads.map(actorOf))) {
    rules.push({
      rule: "G1 nothing older than seen, G3 own writes",
      boundMicros: 0,
      evidence: evidence.filter(({ source }) => actorOf(source) === actor),
      reads: reads.filter((read) => actorOf(read) === actor),
    });
  }
  return [
    ...rules.flatMap((rule) => findBroken(history, rule)),
    ...findBrokenReceipts(history, reads),
    ...findRevived(history, reads, boundMicros),
  ];
}

/** Goes through reads and evidence in their order, and holds each read against the newest that is old enough. What a failover lost is nothing to hold those against who read later. */
function findBroken(history: KeyHistory, { rule, boundMicros, evidence, reads }: StalenessRule): TierViolation[] {
  const ends = [...history.failovers.all.map(({ promotedAt }) => promotedAt), Number.POSITIVE_INFINITY];
  ends.sort((one, other) => one - other);
  return ends.flatMap((endAt, era) => {
    const beganAt = ends[era - 1] ?? 0;
    const newest = new NewestEvidence(evidence.filter(({ until }) => until >= endAt));
    return reads.flatMap((read) => {
      if (read.to < beganAt || read.to >= endAt) return [];
      newest.goTo(read.from - boundMicros);
      const value = history.values.get(read.value as string);
      const broken = value && newest.all.find((proof) => isSuperseded(value, read.version, proof));
      return broken === undefined ? [] : [violationOf(rule, history, read, broken)];
    });
  });
}

/** Of what was over at an instant that only grows: the change and the absence that began last, and what has the largest version. */
class NewestEvidence {
  readonly #evidence: readonly Evidence[];
  #next = 0;
  #change: Evidence | undefined;
  #absence: Evidence | undefined;
  #newest: Evidence | undefined;

  constructor(evidence: readonly Evidence[]) {
    this.#evidence = evidence;
  }

  get all(): readonly Evidence[] {
    return [this.#newest, this.#change, this.#absence].filter((proof) => proof !== undefined);
  }

  goTo(instant: number): void {
    const { length } = this.#evidence;
    for (; this.#next < length && (this.#evidence[this.#next] as Evidence).to < instant; this.#next += 1) {
      const proof = this.#evidence[this.#next] as Evidence;
      if (proof.isAbsence) this.#absence = later(this.#absence, proof);
      else this.#change = later(this.#change, proof);
      if (proof.version !== undefined && (this.#newest?.version ?? 0) < proof.version) this.#newest = proof;
    }
  }
}

function later(one: Evidence | undefined, other: Evidence): Evidence {
  return one === undefined || other.from > one.from ? other : one;
}

function findBrokenReceipts(history: KeyHistory, reads: readonly ReadEvent[]): TierViolation[] {
  return reads.flatMap((read) => {
    const value = history.values.get(read.value as string);
    const { after } = read;
    if (
      value === undefined ||
      after === undefined ||
      !isPromised(history, read, after) ||
      !isSuperseded(value, read.version, { ...after, isAbsence: false })
    )
      return [];
    const text = `${tellRead(read)}\n  with the receipt of ${after.value}, version ${after.version}`;
    return [{ rule: "G4 receipt", key: history.key, at: read.from, text }];
  });
}

/** Whether the store still has what a receipt is of, and the reader is where it has it. */
function isPromised({ failovers }: KeyHistory, read: ReadEvent, after: NonNullable<ReadEvent["after"]>): boolean {
  const { version, from } = after;
  const { until } = failovers.bindingOf({ how: "set", from, to: read.from, version });
  return read.to < until && !failovers.isDivided(read);
}

/** What a failover has lost, and somebody had a copy of for longer than the bound; the store itself has it at no time. */
function findRevived(history: KeyHistory, reads: readonly ReadEvent[], boundMicros: number): TierViolation[] {
  return reads.flatMap((read) => {
    const written = history.values.get(read.value as string);
    const loser = history.failovers.loserOf(read.version ?? written?.version);
    if (loser === undefined) return [];
    const isOfStore = read.isFar === true;
    const lateMicros = read.from - loser.to - (isOfStore ? 0 : boundMicros);
    if (lateMicros <= 0) return [];
    const rule = isOfStore ? "G1 no stale store" : "G2 bounded staleness";
    const text = `${tellRead(read)}\n  which a failover at ${(loser.to / 1_000).toFixed(3)} had lost\n  ${tellWrite(history, read)}`;
    return [{ rule, key: history.key, at: read.from, text }];
  });
}

/**
 * A caller may get what a loader of its own process returns, stored or not, though something changed while that ran. How long it ran is not known here; so nobody judges what a process loaded
 * shortly before.
 */
function isOwnLoad({ values }: KeyHistory, read: ReadEvent, boundMicros: number): boolean {
  if (read.how !== "getOrSet") return false;
  const change = values.get(read.value as string)?.change;
  if (change?.how !== "load" || actorOf(change) !== actorOf(read)) return false;
  return change.from > read.from - MAX_LOAD_MICROS - boundMicros;
}

/** Deadlines of a read and a write, a loader, and a stop of the process. */
const MAX_LOAD_MICROS = 4_000_000;

function violationOf(
  rule: TierRule,
  history: KeyHistory,
  read: ReadEvent,
  { source, to, version }: Evidence,
): TierViolation {
  const { key } = history;
  const lateMs = ((read.from - to) / 1_000).toFixed(3);
  const value = "value" in source ? source.value : source.values?.[source.keys.indexOf(key)];
  const what = `${source.how} of ${value ?? "nothing"}, version ${version}, by process ${actorOf(source)}, over at ${(to / 1_000).toFixed(3)}`;
  return {
    rule,
    key,
    at: read.from,
    text: `${tellRead(read)}\n  ${lateMs} ms after ${what}\n  ${tellWrite(history, read)}`,
  };
}

function tellWrite({ values }: KeyHistory, { value }: ReadEvent): string {
  const written = values.get(value as string);
  if (written === undefined) return "";
  const { how, from, to, ...actor } = written.change;
  const end = to === Number.POSITIVE_INFINITY ? "unknown" : (to / 1_000).toFixed(3);
  return `written by ${how} of process ${actorOf(actor)}, ${(from / 1_000).toFixed(3)} … ${end} ms`;
}

function tellRead({ how, value, version, from, to, isFar, ...actor }: ReadEvent): string {
  const place = isFar === undefined ? "somewhere" : isFar ? "the store" : "a copy";
  return `process ${actorOf(actor)} read ${value}, version ${version}, by ${how} from ${place}, ${(from / 1_000).toFixed(3)} … ${(to / 1_000).toFixed(3)} ms`;
}
