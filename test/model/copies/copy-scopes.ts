import { FLEET, type Scope, scopeOf, TIMED } from "./scope.ts";

/** A scope in which every state is looked at. */
export interface WideScope {
  /** What happens in it. */
  readonly name: string;
  readonly scope: Scope;
  /** How many states there are: fewer would mean that the model has lost something. */
  readonly stateCount: number;
}

/** Where all rules together hold. */
export const WIDE_SCOPES: readonly WideScope[] = [
  wide("answers, a write of unknown outcome, a writer outside, an eviction", 5438, {
    budget: { reads: 2, works: 1, changes: 1, evictions: 1 },
    works: ["write"],
  }),
  wide("reads of two nodes, a write", 1139, {
    nodeCount: 2,
    budget: { reads: 2, works: 1 },
    works: ["write"],
    canFail: false,
  }),
  wide("two nodes with copies, two writers, a probe, time", 47_257, {
    ...TIMED,
    nodeCount: 2,
    budget: { works: 1, changes: 1, probes: 1 },
    works: ["write"],
    canFail: false,
  }),
  wide("a read, a probe, a change of the key and of another, time", 42_737, {
    ...TIMED,
    budget: { reads: 1, changes: 2, probes: 1 },
    outside: ["change", "other"],
  }),
  wide("the same with one change, and D of two ticks", 6172, {
    ...TIMED,
    maxStaleness: 2,
    budget: { reads: 1, changes: 1, probes: 1 },
  }),
  wide("tags, clears, time", 8109, {
    ...TIMED,
    isTagged: true,
    budget: { reads: 1, changes: 1, probes: 1 },
    outside: ["tags", "change", "clear"],
  }),
  wide("messages that name no head before them, writes and deletes of unknown outcome", 22_235, {
    ...TIMED,
    hasChain: false,
    budget: { reads: 1, works: 1, probes: 1 },
    works: ["write", "delete"],
  }),
  wide("an end of its own", 11_732, { ...TIMED, ttl: 1, budget: { reads: 1, changes: 1, probes: 1 } }),
  wide("a node that ends and comes again", 4173, {
    ...TIMED,
    budget: { reads: 1, changes: 1, probes: 1, restarts: 1 },
  }),
  wide("a store that loses everything", 28_647, { ...TIMED, budget: { reads: 1, changes: 1, probes: 1, wipes: 1 } }),
  wide("a failover that is another epoch", 25_203, {
    ...TIMED,
    budget: { works: 1, changes: 1, probes: 1, failovers: 1 },
    works: ["write"],
    outside: ["other"],
  }),
  wide("an acknowledged write", 69_337, { ...FLEET, budget: { works: 1, probes: 1 } }),
  wide("an acknowledged write while a node is away", 26_147, {
    ...FLEET,
    isAway: true,
    budget: { works: 1, probes: 1 },
  }),
  wide("an acknowledged write and a table that is lost", 1650, { ...FLEET, budget: { works: 1, tableLosses: 1 } }),
];

/** A scope in which the rules do not hold. */
export interface OpenScope {
  readonly name: string;
  readonly scope: Scope;
  /** Steps of the shortest counterexample. */
  readonly length: number;
}

/** What no rule of this process can see: the store has to tell. */
export const OPEN_SCOPES: readonly OpenScope[] = [
  {
    name: "a failover that is the same epoch, and a late answer from before it",
    scope: scopeOf({
      ...TIMED,
      failover: "bare",
      budget: { works: 1, probes: 1, failovers: 1 },
      works: ["write"],
    }),
    length: 9,
  },
  {
    name: "the same, nothing late, and the next change before the next probe",
    scope: scopeOf({
      ...TIMED,
      failover: "silent",
      budget: { works: 1, changes: 1, probes: 1, failovers: 1 },
      works: ["write"],
      outside: ["other"],
    }),
    length: 11,
  },
  {
    name: "a failover that loses the lease of a node that has just joined",
    scope: scopeOf({
      ...FLEET,
      isAway: true,
      losesLeases: true,
      budget: { works: 1, probes: 1, failovers: 1 },
    }),
    length: 11,
  },
];

function wide(name: string, stateCount: number, scope: Partial<Scope>): WideScope {
  return { name, stateCount, scope: scopeOf(scope) };
}
