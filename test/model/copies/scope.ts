import type { Budget, MessageKind, WorkKind } from "./copies-state.ts";
import type { CopySafeguardName } from "./copy-safeguards.ts";

/** Changes that somebody makes who has no copies. */
export type OutsideChange = MessageKind | "delete";

/** What a run of the model of copies looks at: without bounds there would be no end. */
export interface Scope {
  readonly nodeCount: number;
  /** Which nodes read, ask for heads and hear messages; all, if not said. */
  readonly askers: readonly number[] | undefined;
  /** D, in ticks. */
  readonly maxStaleness: number;
  /** Whether ticks pass; as many as it takes. */
  readonly hasTime: boolean;
  readonly budget: Partial<Budget>;
  /** At most so many questions of a node are on their way. */
  readonly maxWork: number;
  /** What nodes do besides reading. */
  readonly works: readonly WorkKind[];
  readonly outside: readonly OutsideChange[];
  /** Whether nodes have a copy and have asked for heads in tick 0. */
  readonly isWarm: boolean;
  /** Whether nodes with copies are away from the table at the start. */
  readonly isAway: boolean;
  /** Whether changes of nodes may fail without anybody knowing what became of them. */
  readonly canFail: boolean;
  /** Whether the entry carries a tag. */
  readonly isTagged: boolean;
  /** How long entries live, in ticks. */
  readonly ttl: number;
  /** Whether messages name the head before them, as those of the store do and those of other nodes do not. */
  readonly hasChain: boolean;
  /** Whether nodes have to be in the table, and node 0's writes wait for all others. */
  readonly hasTable: boolean;
  /**
   * How a failover shows. `told`: it is another epoch. `silent`: it is not, but nothing of what was lost is heard of afterwards. `bare`: it is not, and late answers and messages may be of what
   * was lost.
   */
  readonly failover: "told" | "silent" | "bare";
  /** Whether the replica also lacks the newest lease of a node. */
  readonly losesLeases: boolean;
}

/** Which rules are in force. */
export type Rules = Readonly<Record<CopySafeguardName, boolean>>;

const DEFAULTS: Scope = {
  nodeCount: 1,
  askers: undefined,
  maxStaleness: 2,
  hasTime: false,
  budget: {},
  maxWork: 2,
  works: [],
  outside: ["change"],
  isWarm: false,
  isAway: false,
  canFail: true,
  isTagged: false,
  ttl: Number.POSITIVE_INFINITY,
  hasChain: true,
  hasTable: false,
  failover: "told",
  losesLeases: false,
};

/** One process with a copy, while ticks pass; D is one tick. */
export const TIMED: Partial<Scope> = { maxStaleness: 1, hasTime: true, isWarm: true };

/** Node 0 writes and waits for all; node 1 has a copy. */
export const FLEET: Partial<Scope> = {
  ...TIMED,
  nodeCount: 2,
  hasTable: true,
  works: ["write"],
  outside: [],
  askers: [1],
  canFail: false,
};

/** A scope from what is special about it. */
export function scopeOf(special: Partial<Scope>): Scope {
  return { ...DEFAULTS, ...special };
}
