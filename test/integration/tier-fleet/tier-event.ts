import type { Failover } from "./failover.ts";

/** How a process changes keys. `wipe` is done to the store from outside: everything is gone. */
export type ChangeHow =
  | "set"
  | "setMulti"
  | "delete"
  | "deleteMulti"
  | "expire"
  | "invalidateTags"
  | "clear"
  | "load"
  | "increment"
  | "wipe";

/** One life of one process: a process that is killed and started anew has another one. */
export interface Actor {
  readonly process: number;
  readonly life: number;
}

/** A change of some keys that was begun. Instants are in µs since the run began, by the machine's monotonic clock. */
export interface ChangeBegun extends Actor {
  readonly kind: "begin";
  readonly id: number;
  readonly how: ChangeHow;
  readonly keys: readonly string[];
  /** What is written, in the order of the keys; `undefined` for what ends them. */
  readonly values: readonly string[] | undefined;
  /** TTL of what is written, or that `expire` gives; `undefined`: none. */
  readonly ttlMs: number | undefined;
  /** Before the call; of a load, the begin of its loader. */
  readonly from: number;
}

/** A change was confirmed. One that never is may have happened at any time since, or still may. */
export interface ChangeEnded extends Actor {
  readonly kind: "end";
  readonly id: number;
  readonly to: number;
  /** Of the receipt. */
  readonly version: number | undefined;
  /** Whether the receipt says that nobody serves anything older. */
  readonly isCoherent: boolean;
  /** Of counters. */
  readonly result: number | undefined;
}

/** A read that answered. */
export interface ReadEvent extends Actor {
  readonly kind: "read";
  readonly how: "getEntry" | "getMulti" | "peek" | "getOrSet" | "rest";
  readonly key: string;
  /** `null`: none. */
  readonly value: string | null;
  readonly version: number | undefined;
  /** Whether the shared store answered, and not a copy; `undefined`: the call does not say. */
  readonly isFar: boolean | undefined;
  readonly from: number;
  readonly to: number;
  /** The receipt that was given along: the value that it is of, and its version. */
  readonly after: { readonly value: string; readonly version: number; readonly from: number } | undefined;
}

/** A call that failed. */
export interface FailureEvent extends Actor {
  readonly kind: "failure";
  readonly how: string;
  readonly code: string;
  readonly from: number;
  readonly to: number;
}

/** The process did not run, or was too late with what it had to do. */
export interface StallEvent extends Actor {
  readonly kind: "stall";
  readonly from: number;
  readonly to: number;
}

/** A line of a process's log. */
export type LoggedEvent = ChangeBegun | ChangeEnded | ReadEvent | FailureEvent | StallEvent;

/** A change with what became of it. */
export interface ChangeEvent extends Omit<ChangeBegun, "kind"> {
  /** Infinity: nobody knows. */
  readonly to: number;
  readonly version: number | undefined;
  readonly isCoherent: boolean;
  readonly result: number | undefined;
}

/** What happened in a run. */
export interface TierHistory {
  readonly changes: readonly ChangeEvent[];
  readonly reads: readonly ReadEvent[];
  readonly failures: readonly FailureEvent[];
  readonly stalls: readonly StallEvent[];
  /** Default: none. */
  readonly failovers?: readonly Failover[];
}

/** Joins the begins and ends of changes. */
export function joinHistory(lines: readonly LoggedEvent[]): TierHistory {
  const nameOf = ({ process, life, id }: Actor & { readonly id: number }): string => `${process}/${life}/${id}`;
  const ends = new Map<string, ChangeEnded>();
  for (const line of lines) if (line.kind === "end") ends.set(nameOf(line), line);
  const changes = lines.flatMap((line): readonly ChangeEvent[] => {
    if (line.kind !== "begin") return [];
    const { kind: _, ...begun } = line;
    const end = ends.get(nameOf(line));
    const { to = Number.POSITIVE_INFINITY, version, isCoherent = false, result } = end ?? {};
    return [{ ...begun, to, version, isCoherent, result }];
  });
  return {
    changes,
    reads: lines.filter((line) => line.kind === "read"),
    failures: lines.filter((line) => line.kind === "failure"),
    stalls: lines.filter((line) => line.kind === "stall"),
  };
}
