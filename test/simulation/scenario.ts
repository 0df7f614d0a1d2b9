import type { Action, LinkWay, Operation, Schedule, SimulationSettings } from "./schedule.ts";

/** A race or fault as a schedule of its own: what must not happen in it is what must not happen in any. */
export interface Scenario {
  /** Rows of the protocol's table of races that it shows. */
  readonly rows: readonly number[];
  /** What comes out right, in a sentence. */
  readonly name: string;
  readonly settings?: Partial<SimulationSettings> | undefined;
  readonly steps: readonly TimedAction[];
}

/** Something that happens at an instant, in virtual ms. */
export type TimedAction = readonly [atMs: number, action: Action];

/** Everything takes one millisecond, one way, and nothing is lost unless a step says so; who is sent later may arrive earlier. */
const CALM: SimulationSettings = {
  nodeCount: 2,
  isOwned: false,
  isWhole: false,
  cacheDeadlineMs: 1_000,
  shardCount: 1,
  maxStalenessMs: 300,
  feed: "unordered",
  isLinkOrdered: false,
  usualDelayMs: 1,
  rareDelayMs: 1,
  lostRatio: 0,
  doubledRatio: 0,
  chunkRatio: 1,
  isServerKnown: false,
  maxQueuedCount: 64,
  callDeadlineMs: 400,
  nearTtlMs: Number.POSITIVE_INFINITY,
  nearMaxKeys: 100,
  middle: "none",
  wallLeadsMs: [],
};

/** The schedule of a scenario. The seed chooses which of two things that happen at one instant is first. */
export function scheduleOf({ settings, steps }: Scenario, seed: number): Schedule {
  const ordered = [...steps].sort(([left], [right]) => left - right);
  return {
    seed,
    settings: { ...CALM, ...settings },
    steps: ordered.map(([atMs, action], id) => ({ id, atMs, action })),
  };
}

/** Reads of a key from an instant to another. */
export function reads(node: number, key: string, fromMs: number, untilMs: number, everyMs: number = 20): TimedAction[] {
  const all: TimedAction[] = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs += everyMs) all.push([atMs, { kind: "get", node, key }]);
  return all;
}

/** Process 0 keeps a copy of something else, so that it asks for heads all the time, and knows each change from then on. */
export const WATCHING: readonly TimedAction[] = [[2, put(1, "b")], ...reads(0, "b", 6, 1_000, 40)];

/** Reads a key, so that there is a copy two milliseconds later. */
export function copyOf(node: number, key: string, atMs: number): TimedAction[] {
  return [[atMs, get(node, key)]];
}

/** One read. */
export function get(node: number, key: string): Operation {
  return { kind: "get", node, key };
}

/** A write that lasts. */
export function put(node: number, key: string, more: Partial<Extract<Operation, { kind: "set" }>> = {}): Action {
  return { kind: "set", node, key, ttlMs: 60_000, tags: [], ...more };
}

/** What is sent on these ways in this millisecond and the next is late. */
export function late(node: number, ways: readonly LinkWay[], byMs: number): Action {
  return { kind: "link", node, ways, effect: "slow", forMs: 2, byMs };
}

/** What is sent on these ways is lost for a while. */
export function lost(node: number, ways: readonly LinkWay[], forMs: number): Action {
  return { kind: "link", node, ways, effect: "drop", forMs };
}
