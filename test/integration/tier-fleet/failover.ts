import type { ChangeHow } from "./tier-event.ts";

/** What became of a change when another server took over: it is there, it is not, or nobody can tell. */
export type Fate = "kept" | "lost" | "unknown";

/** A server took over from another one. Instants are in µs since the run began. */
export interface Failover {
  /** Whatever was executed before is in the server that took over. */
  readonly from: number;
  /** Before it the new server did not answer as a primary. */
  readonly promotedAt: number;
  /** From then on the old one is dead, or takes no writes and serves nobody: there is one primary. Between `promotedAt` and this there are two. */
  readonly to: number;
  /** Whether the old server kept what decides about this key; for an invalidation of tags that is also where tags are. */
  concerns(key: string, how?: ChangeHow): boolean;
  /** What became of a change that was given this version; of one of another time it is `kept`. */
  fateOf(key: string, version: number): Fate;
}

/** Something that happened, and by when. */
export interface Happening {
  readonly how: ChangeHow | undefined;
  /** It did not happen before. */
  readonly from: number;
  /** It had happened by then. */
  readonly to: number;
  readonly version: number | undefined;
}

/** Whom something that happened binds. */
export interface Binding {
  /** Reads that begin after it. */
  readonly to: number;
  /** And that end before it. `Infinity`: all. */
  readonly until: number;
}

/**
 * What failovers leave of the promises about one key. A change that the new server lacks binds nobody any more from when that serves; what it has binds those who may still be with the old server
 * once that is gone. All else is promised as ever.
 */
export class KeyFailovers {
  /** In the order of their instants. */
  readonly all: readonly Failover[];
  readonly #key: string;

  constructor(key: string, failovers: readonly Failover[]) {
    this.#key = key;
    this.all = failovers;
  }

  /** Whom it binds. */
  bindingOf(happening: Happening): Binding {
    let { to } = happening;
    let until = Number.POSITIVE_INFINITY;
    for (const failover of this.all) {
      if (!failover.concerns(this.#key, happening.how)) continue;
      if (this.#mayBeLost(happening, failover)) until = Math.min(until, failover.promotedAt);
      else if (to >= failover.promotedAt && to <= failover.to) ({ to } = failover);
    }
    return { to, until };
  }

  /** The failover that lost a version for certain. */
  loserOf(version: number | undefined): Failover | undefined {
    if (version === undefined) return undefined;
    return this.all.find((failover) => failover.concerns(this.#key) && failover.fateOf(this.#key, version) === "lost");
  }

  /** From when on something that all acknowledge may be relied upon: the table of nodes that was asked may have lacked some for as long as one may have been with the old server. */
  acknowledgedBy(to: number, boundMicros: number): number {
    let by = to;
    for (const { promotedAt, to: overAt } of this.all) {
      const isDoubtful = promotedAt < overAt && by >= promotedAt && by <= overAt + boundMicros;
      if (isDoubtful) by = overAt + boundMicros;
    }
    return by;
  }

  /** Whether something may have happened on either side of a failover. */
  isTouched({ how, from, to }: Pick<Happening, "how" | "from" | "to">): boolean {
    return this.all.some((failover) => failover.concerns(this.#key, how) && from <= failover.to && to >= failover.from);
  }

  /** Whether a read may have been answered by either of two primaries. */
  isDivided({ from, to }: Pick<Happening, "from" | "to">): boolean {
    return this.all.some((failover) => from <= failover.to && to >= failover.promotedAt);
  }

  #mayBeLost({ from, to, version }: Happening, failover: Failover): boolean {
    if (version !== undefined) return failover.fateOf(this.#key, version) !== "kept";
    return from <= failover.to && to >= failover.from;
  }
}
