import { settledAfterMs } from "../../src/coherence/ack-waits.ts";
import type { KeyHistory } from "./key-history.ts";
import { type LoaderRun, LoadWatch } from "./load-watch.ts";
import type { CallTrace } from "./store-link.ts";

/** What one process has seen. */
export interface SeenPeriods {
  /** By key the number of the newest period: what is older may not be served to calls that begin later. */
  readonly newest: Map<string, number>;
  /** Keys and values that the process ended by tags: an older one of the key may be served, these may not, unless they were stored anew since. */
  readonly ended: Map<string, EndedByTag>;
  /** By key the instant at which the newest change was committed that the process knows to have happened. */
  readonly changedAtMs: Map<string, number>;
  /** By key the number of the newest period that a change began which was confirmed to the process, or of which it was told to be. */
  readonly confirmed: Map<string, number>;
}

/** A value that a process ended by a tag. */
interface EndedByTag {
  /** How many it had ended before. */
  readonly number: number;
  /** When the tag was invalidated. */
  readonly atMs: number;
}

/** Nothing was seen yet. */
export function nothingSeen(): SeenPeriods {
  return { newest: new Map(), ended: new Map(), changedAtMs: new Map(), confirmed: new Map() };
}

/** A read that has begun. */
export interface BegunRead {
  readonly key: string;
  readonly startMs: number;
  /** The newest that the process had seen then. */
  readonly floor: number;
  /** How much it had ended by tags then. */
  readonly endedCount: number;
  /** When the newest change was committed that the process knew of; negative infinity: none. */
  readonly changedAtMs: number;
  /** The period of that change; -1: none. */
  readonly confirmed: number;
}

/** What a broken promise looks like. */
export interface Violation {
  readonly rule: string;
  readonly atMs: number;
  readonly text: string;
}

/** For rounding of instants alone. */
const ROUNDING_MS = 0.001;

/** Holds what processes serve against the history of the store. */
export class Judge {
  readonly violations: Violation[] = [];
  readonly loads: LoadWatch;
  readonly #history: KeyHistory;
  readonly #maxStalenessMs: number;
  readonly #nowMs: () => number;
  /** Until then a store that lost writes may still be contradicted by what was seen before. */
  #settledAtMs = 0;
  #life = 0;
  /** Whether the last loss left a table of nodes that does not look young, though renewals of before it may be missing. */
  #isTableKept = false;
  /** Whether the store answers in time throughout. A load that does without it gives its result also to who comes later. */
  isStoreAnswering: boolean = false;
  /** Whether another server has another name, so that receipts of one are not held against copies of the other. */
  isServerKnown: boolean = true;
  /** How late answers of the store and timers of processes may be, for what has to be over in time. */
  ackSlackMs: number = Number.POSITIVE_INFINITY;
  nearCount = 0;
  farCount = 0;
  middleCount = 0;

  readonly #onEvent: ((text: string) => void) | undefined;

  constructor(
    history: KeyHistory,
    maxStalenessMs: number,
    nowMs: () => number,
    onEvent: ((text: string) => void) | undefined,
  ) {
    this.#onEvent = onEvent;
    this.#history = history;
    this.#maxStalenessMs = maxStalenessMs;
    this.#nowMs = nowMs;
    this.loads = new LoadWatch(nowMs, (text) => this.report("G1 no stale store", text));
  }

  report(rule: string, text: string): void {
    this.violations.push({ rule, atMs: this.#nowMs(), text });
  }

  /** The store lost writes: versions may go back now. */
  storeLostWrites(isTableKept: boolean): void {
    this.#isTableKept = isTableKept;
    this.#life += 1;
    this.loads.storeLostWrites();
    this.#settledAtMs = this.#nowMs() + this.#maxStalenessMs;
  }

  begin(seen: SeenPeriods, key: string): BegunRead {
    const changedAtMs = seen.changedAtMs.get(this.#seenKey(key)) ?? Number.NEGATIVE_INFINITY;
    const confirmed = seen.confirmed.get(this.#seenKey(key)) ?? -1;
    return {
      ...{ key, startMs: this.#nowMs(), floor: this.#floorOf(seen, key) },
      ...{ endedCount: seen.ended.size, changedAtMs, confirmed },
    };
  }

  /** As {@link Judge.begin}, for a read that is told of a change. */
  beginAfter(seen: SeenPeriods, key: string, trace: CallTrace): BegunRead {
    const begun = this.begin(seen, key);
    // A server that does not say who it is may give out smaller versions than the one before it: for D a lost write's copy looks newer.
    const isComparable = this.isServerKnown || this.#nowMs() > this.#settledAtMs;
    const told = isComparable && this.#isKept(trace) ? (trace.periods.get(key) ?? -1) : -1;
    return { ...begun, floor: Math.max(begun.floor, told), confirmed: Math.max(begun.confirmed, told) };
  }

  /** A value that the process ended by its tags was served to it. */
  #checkEnded(who: string, seen: SeenPeriods, { key, endedCount }: BegunRead, value: unknown): void {
    // There are many of "there is none".
    if (isNothing(value)) return;
    const ended = seen.ended.get(`${this.#seenKey(key)} ${String(value)}`);
    if (ended === undefined || ended.number >= endedCount) return;
    // A loader that looked at the source since has said that it is right after all, and it was stored again.
    if (this.#history.startedSince(key, value, ended.atMs)) return;
    this.report("G3 own invalidations", `${who} served ${String(value)} of ${key} after it had ended it by a tag`);
  }

  /** A copy was served, in the step in which the read began. */
  servedNear(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): void {
    const { key, startMs } = begun;
    this.nearCount += 1;
    this.#onEvent?.(`${who} is served ${String(value)} of ${key} from its copy`);
    const sinceMs = startMs - this.#maxStalenessMs - ROUNDING_MS;
    const found = this.#history.holding(key, value, sinceMs, startMs);
    if (found === undefined) {
      const text = `${who} served ${String(value)} of ${key} from a copy, which it was not after ${sinceMs.toFixed(1)}`;
      this.report("G2 bounded staleness", `${text}\n${this.#history.describe(key)}`);
      return;
    }
    this.#checkOrder(who, begun, found[1], value);
    this.#checkEnded(who, seen, begun, value);
    this.#see(seen, key, found[0]);
  }

  /** A copy was served in a batch, whose copies are looked at in the step of its answer. */
  servedNearInBatch(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): void {
    this.servedNear(who, seen, { ...begun, startMs: this.#nowMs() }, value);
  }

  /** A copy from between memory and the store was served: it is looked at in the step of the answer. */
  servedMiddle(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): void {
    const { key } = begun;
    this.middleCount += 1;
    this.#onEvent?.(`${who} is served ${String(value)} of ${key} from the middle`);
    const nowMs = this.#nowMs();
    const sinceMs = nowMs - this.#maxStalenessMs - ROUNDING_MS;
    const found = this.#history.holding(key, value, sinceMs, nowMs);
    if (found === undefined) {
      const text = `${who} served ${String(value)} of ${key} from the middle, which it was not after ${sinceMs.toFixed(1)}`;
      this.report("G2 bounded staleness", `${text}\n${this.#history.describe(key)}`);
      return;
    }
    this.#checkOrder(who, begun, found[1], value);
    this.#checkEnded(who, seen, begun, value);
    this.#see(seen, key, found[0]);
  }

  /** The store answered a read. */
  servedFar(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): void {
    const { key, startMs } = begun;
    this.farCount += 1;
    this.#onEvent?.(`${who} is served ${String(value)} of ${key} by the store, asked at ${startMs}`);
    const nowMs = this.#nowMs();
    const found =
      value === undefined
        ? this.#history.absent(key, startMs, nowMs)
        : this.#history.holding(key, value, startMs, nowMs);
    if (found === undefined) {
      this.report(
        "model",
        `${who} read ${String(value)} of ${key}, sent at ${startMs.toFixed(1)}\n${this.#history.describe(key)}`,
      );
      return;
    }
    this.#checkOrder(who, begun, found[1], value);
    this.#see(seen, key, found[0]);
  }

  /** A whole cache answered a read: from a copy, or by the store. */
  served(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): void {
    if (!this.#tryServed(who, seen, begun, value)) this.#reportServed(who, begun, value);
  }

  /** A whole cache answered a read that may load. `staleMs`: how long after its end a value may be served; 0: not at all, or it was not marked. */
  fetched(
    who: string,
    seen: SeenPeriods,
    begun: BegunRead,
    { value, staleMs, isForced }: { readonly value: unknown; readonly staleMs: number; readonly isForced: boolean },
  ): void {
    const { key, startMs, floor, changedAtMs } = begun;
    const run = this.loads.find(key, value);
    if (isForced && !this.#isForcedRight(who, begun, run)) return;
    const knownAtMs = Math.max(this.#history.startOf(key, floor), changedAtMs);
    // Nothing is newer than what the source said after the call, whatever becomes of it.
    const isFresh = run !== undefined && run.startMs >= Math.min(startMs, knownAtMs);
    if (isNothing(value) && run !== undefined && (isFresh || !this.isStoreAnswering)) return;
    if (run !== undefined && run.startMs >= startMs) {
      const found = this.#history.holding(key, value, run.startMs, this.#nowMs());
      if (found !== undefined) this.#see(seen, key, found[0]);
      return;
    }
    if (staleMs > 0 && this.#history.wasOver(key, value, startMs, staleMs)) return;
    if (this.#tryServed(who, seen, heldTo(begun, isFresh), value)) return;
    if (run === undefined) this.#reportServed(who, begun, value);
    else if (!isFresh) this.#reportLoaded(who, begun, run, knownAtMs);
  }

  /** What was loaded was not stored. Whatever the process knew when it asked, the loader may not have been before it. */
  #reportLoaded(who: string, { key, floor }: BegunRead, { value, startMs }: LoaderRun, knownAtMs: number): void {
    if (!this.isStoreAnswering || this.#nowMs() <= this.#settledAtMs) return;
    const text = `${who} was given ${String(value)} of ${key}, loaded at ${startMs}, and had seen #${floor} of ${knownAtMs}`;
    this.report("G1 nothing older than seen, G3 own writes", text);
  }

  /** For a forced load neither what is there counts nor what began before it. */
  #isForcedRight(who: string, { key, startMs }: BegunRead, run: LoaderRun | undefined): boolean {
    if (run !== undefined && run.startMs >= startMs) return true;
    const what = run === undefined ? "what nobody loaded" : `${String(run.value)}, loaded at ${run.startMs}`;
    this.report("G6 forced loads", `${who} was given ${what} for ${key}, asked for anew at ${startMs}`);
    return false;
  }

  /** A write that was to be acknowledged by all has resolved. */
  acknowledged(who: string, { committedAtMs }: CallTrace, startMs: number, endMs: number): void {
    const boundMs = settledAfterMs(this.#maxStalenessMs);
    const sinceMs = committedAtMs ?? startMs;
    // Until the store's answer is here nobody waits.
    if (endMs - sinceMs > boundMs + this.ackSlackMs)
      this.report("G5 acknowledged writes", `${who} waited from ${sinceMs} to ${endMs} for all to know`);
  }

  #tryServed(who: string, seen: SeenPeriods, begun: BegunRead, value: unknown): boolean {
    const { key, startMs } = begun;
    const nowMs = this.#nowMs();
    const found =
      value === undefined
        ? this.#history.absent(key, startMs, nowMs)
        : this.#history.holding(key, value, startMs - this.#maxStalenessMs - ROUNDING_MS, nowMs);
    if (found === undefined) return false;
    this.farCount += 1;
    this.#onEvent?.(`${who} is given ${String(value)} of ${key}, asked at ${startMs}`);
    this.#checkOrder(who, begun, found[1], value);
    this.#see(seen, key, found[0]);
    return true;
  }

  #reportServed(who: string, { key, startMs }: BegunRead, value: unknown): void {
    if (this.#nowMs() <= this.#settledAtMs) return;
    const text = `${who} was given ${String(value)} of ${key}, asked at ${startMs.toFixed(1)}`;
    this.report("G2 bounded staleness, G6 stale data", `${text}\n${this.#history.describe(key)}`);
  }

  /** A change was acknowledged by all. While a failover is fresh, somebody whose place in the table it lost may not have been asked. */
  confirmedToAll(all: readonly { readonly seen: SeenPeriods }[], trace: CallTrace): void {
    if (this.#isTableKept && this.#nowMs() <= this.#settledAtMs) return;
    for (const { seen } of all) this.confirmed(seen, trace);
  }

  /** A change was confirmed to the process; or it failed, and nobody can say whether it happened: then what was there before may not be served here either. */
  confirmed(seen: SeenPeriods, trace: CallTrace): void {
    if (!this.#isKept(trace)) return;
    this.#onEvent?.(`confirmed: ${[...trace.periods].map(([key, number]) => `${key} #${number}`).join(" ")}`);
    for (const [key, number] of trace.periods) {
      this.#see(seen, key, number);
      const seenKey = this.#seenKey(key);
      seen.changedAtMs.set(seenKey, trace.committedAtMs as number);
      seen.confirmed.set(seenKey, Math.max(seen.confirmed.get(seenKey) ?? -1, number));
    }
    for (const { key, value } of trace.ended) {
      const ended = { number: seen.ended.size, atMs: trace.committedAtMs as number };
      seen.ended.set(`${this.#seenKey(key)} ${String(value)}`, ended);
    }
  }

  /** A change was refused because of a version that it met. */
  met(seen: SeenPeriods, key: string, version: number): void {
    const number = this.#history.ofVersion(key, version);
    if (number !== undefined) this.#see(seen, key, number);
  }

  /** Whether the store has not lost writes since. */
  #isKept({ committedAtMs }: CallTrace): boolean {
    return committedAtMs !== undefined && committedAtMs > this.#settledAtMs - this.#maxStalenessMs;
  }

  #checkOrder(who: string, { key, floor, confirmed }: BegunRead, number: number, value: unknown): void {
    // While a loss is fresh, what was only seen may be contradicted; what was confirmed since may not.
    const least = this.#nowMs() <= this.#settledAtMs ? confirmed : floor;
    if (number >= least) return;
    const text = `${who} served ${String(value)} of ${key} (#${number}) after it had seen #${least}`;
    this.report("G1 nothing older than seen, G3 own writes", `${text}\n${this.#history.describe(key)}`);
  }

  #floorOf(seen: SeenPeriods, key: string): number {
    return seen.newest.get(this.#seenKey(key)) ?? -1;
  }

  #see(seen: SeenPeriods, key: string, number: number): void {
    if (number > this.#floorOf(seen, key)) seen.newest.set(this.#seenKey(key), number);
  }

  /** What was seen before the store lost writes says nothing about what came after. */
  #seenKey(key: string): string {
    return `${this.#life} ${key}`;
  }
}

/** What was seen meanwhile does not outdate what the source has said since, also when that is the value of before. */
function heldTo(begun: BegunRead, isFresh: boolean): BegunRead {
  return isFresh ? { ...begun, floor: -1, confirmed: -1 } : begun;
}

/** "There is none" looks the same whenever it was said. */
function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}
