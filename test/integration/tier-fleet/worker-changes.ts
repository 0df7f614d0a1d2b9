import type { Actor, ChangeBegun } from "./tier-event.ts";
import type { TierLog } from "./tier-log.ts";

/** What is going to be changed. */
export interface PlannedChange extends Pick<ChangeBegun, "how" | "keys"> {
  readonly values?: readonly string[] | undefined;
  readonly ttlMs?: number | undefined;
}

/** A change that was begun. */
export interface BegunChange {
  readonly id: number;
  readonly from: number;
}

/** What is known of a change that was confirmed. */
export interface ConfirmedChange {
  readonly version?: number | undefined;
  readonly isCoherent?: boolean | undefined;
  readonly result?: number | undefined;
}

/** Logs the changes of one process, each before it is sent. */
export class WorkerChanges {
  readonly #actor: Actor;
  readonly #log: TierLog;
  readonly #now: () => number;
  #nextId = 1;
  #valueCount = 0;

  constructor(actor: Actor, log: TierLog, now: () => number) {
    this.#actor = actor;
    this.#log = log;
    this.#now = now;
  }

  /** A value that nobody wrote yet. */
  newValue(key: string): string {
    this.#valueCount += 1;
    return `${key}|${this.#actor.process}.${this.#actor.life}.${this.#valueCount}`;
  }

  begin({ how, keys, values, ttlMs }: PlannedChange): BegunChange {
    const id = this.#nextId;
    this.#nextId += 1;
    const from = this.#now();
    this.#log.write({ kind: "begin", ...this.#actor, id, how, keys, values, ttlMs, from });
    return { id, from };
  }

  end({ id }: BegunChange, { version, isCoherent = false, result }: ConfirmedChange): void {
    this.#log.write({ kind: "end", ...this.#actor, id, to: this.#now(), version, isCoherent, result });
  }
}
