import { ownedShardOf } from "./owned-shards-of.ts";
import type { BegunOwnerRead, OwnerJudge } from "./owner-judge.ts";
import type { OwnerProcess } from "./owner-process.ts";

/** One run of a loader. */
export interface FleetRun {
  readonly process: OwnerProcess;
  readonly key: string;
  readonly value: string;
  readonly isForced: boolean;
  /** When it looked at the source. */
  readonly startMs: number;
  endMs: number;
}

/** Follows the loads of a fleet of owners: at equal views one process loads a key, and what was loaded before a change is not given to who knows of that. */
export class FleetLoads {
  readonly #judge: OwnerJudge;
  readonly #nowMs: () => number;
  /** Whether nothing goes wrong in the run, and nothing is late enough for somebody to give up. */
  readonly #isCalm: boolean;
  /** How long an answer may be on its way, in ms. */
  readonly #longestWayMs: number;
  readonly #runs: FleetRun[] = [];
  #wideAtMs = Number.NEGATIVE_INFINITY;

  constructor(judge: OwnerJudge, isCalm: boolean, longestWayMs: number, nowMs: () => number) {
    this.#judge = judge;
    this.#isCalm = isCalm;
    this.#longestWayMs = longestWayMs;
    this.#nowMs = nowMs;
  }

  /** Many keys are ended, some of which may be loaded. */
  noteWide(): void {
    this.#wideAtMs = this.#nowMs();
  }

  begin(process: OwnerProcess, key: string, value: string, isForced: boolean): FleetRun {
    const startMs = this.#nowMs();
    const run = { process, key, value, isForced, startMs, endMs: Number.POSITIVE_INFINITY };
    if (this.#isCalm && !isForced) this.#checkAlone(run);
    this.#runs.push(run);
    return run;
  }

  end(run: FleetRun): void {
    run.endMs = this.#nowMs();
  }

  /** A process was given a value by a call that may load. */
  given(process: OwnerProcess, begun: BegunOwnerRead, value: string | undefined, isForced: boolean): void {
    const run = this.#runs.findLast((one) => one.key === begun.key && one.value === value);
    if (isForced && (run === undefined || run.startMs < begun.startMs)) {
      const text = `${process.name} was given ${String(value)} of ${begun.key}, asked for anew at ${begun.startMs}`;
      this.#judge.report("G6 forced loads", text);
      return;
    }
    // What was loaded may be its callers' alone. Who knew of a change when it asked may not be given what was loaded before that.
    if (run === undefined || (run.startMs < begun.startMs && this.#isStored(run))) {
      this.#judge.served(process, begun, value, false);
      return;
    }
    if (!this.#isCalm || begun.seen === undefined || begun.seen.atMs <= run.startMs) return;
    if (begun.seen.life.history.startOf(run.key, begun.seen.number) <= run.startMs) return;
    const text = `${process.name} was given ${String(value)} of ${run.key}, loaded at ${run.startMs}`;
    this.#judge.report("G1 nothing older than seen, G3 own writes", `${text}, and knew of a later change`);
  }

  /** Who asks anew takes the right from who has it: what runs with it then is nobody's load any more, also when the one that was asked for fails. */
  #wasTakenOver(run: FleetRun): boolean {
    return this.#runs.some(
      (other) => other !== run && other.isForced && other.key === run.key && other.endMs >= run.startMs,
    );
  }

  /** It may also take it while the answer that gave it is on its way to who begins by it. */
  #hasTakenOver({ isForced, startMs }: FleetRun, begunAtMs: number): boolean {
    return isForced && startMs >= begunAtMs - this.#longestWayMs;
  }

  #isStored({ key, value }: FleetRun): boolean {
    return this.#judge.lives.find(ownedShardOf(key), key, value, 0, this.#nowMs()).length > 0;
  }

  #checkAlone({ process, key, startMs }: FleetRun): void {
    const shard = ownedShardOf(key);
    for (const other of this.#runs) {
      if (other.key !== key || other.endMs <= startMs || other.process === process || other.process.isDead) continue;
      if (this.#wasTakenOver(other) || this.#hasTakenOver(other, startMs)) continue;
      // The right to load is the owner's to give, once it acts; a change in between ends it.
      const life = this.#judge.ownLifeOf(process, shard, other.startMs - 700);
      if (life === undefined || this.#wideAtMs >= other.startMs - 700) continue;
      // So does a delete of what is not there.
      const writtenAtMs = life.history.startOf(key, Math.floor(life.history.numberAt(key, startMs)));
      const changedAtMs = Math.max(writtenAtMs, this.#judge.deletedAtMs(key));
      if (changedAtMs >= other.startMs - 700) continue;
      const text = `${process.name} loads ${key}, which ${other.process.name} has loaded since ${other.startMs}`;
      this.#judge.report("one load for a fleet", text);
    }
  }
}
