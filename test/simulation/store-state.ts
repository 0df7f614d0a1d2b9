import { namespaceOf } from "../../src/entry/namespace-path.ts";

/** A record as the scripts of the Redis store keep it. */
export interface StoreRecord {
  readonly kind: "data" | "tombstone";
  readonly value: unknown;
  readonly version: number;
  readonly expiresAtMs: number;
  /** How long it is kept beyond that. */
  readonly staleMs: number;
  readonly tags: readonly string[];
  /** The mark of each tag when it was written. */
  readonly marks: readonly number[];
  /** The generations of its namespaces when it was written. */
  readonly generation: string;
}

/** The right to fill a key. */
export interface HeldToken {
  readonly token: string;
  /** The process that asked for it; empty: nobody who could give it back, for a failover has brought it back. */
  readonly holder: string;
  readonly untilMs: number;
  readonly tagClock: number;
  readonly generation: string;
}

/** A process in the table of nodes. */
export interface NodeLease {
  readonly info: string;
  readonly untilMs: number;
}

/** All that a shared store holds. */
export interface StoreState {
  epoch: string;
  bornAtMs: number;
  /** Number of the server that named the data last. */
  namedBy: number;
  readonly records: Map<string, StoreRecord>;
  readonly tokens: Map<string, HeldToken>;
  readonly heads: number[];
  tagClock: number;
  readonly tagMarks: Map<string, number>;
  readonly generations: Map<string, number>;
  readonly nodes: Map<string, NodeLease>;
  /** When the table of nodes came to be. */
  nodesBornAtMs: number;
}

/** What the data of a store is called, since when, and by which server. */
export type NamedData = Pick<StoreState, "epoch" | "bornAtMs" | "namedBy">;

/** A store that holds nothing. */
export function emptyState({ epoch, bornAtMs, namedBy }: NamedData, shardCount: number, clock: number): StoreState {
  return {
    epoch,
    bornAtMs,
    namedBy,
    records: new Map(),
    tokens: new Map(),
    heads: new Array<number>(shardCount).fill(0),
    tagClock: clock,
    tagMarks: new Map(),
    generations: new Map(),
    nodes: new Map(),
    nodesBornAtMs: bornAtMs,
  };
}

/** A copy that changes apart. */
export function copyState(state: StoreState): StoreState {
  return {
    ...state,
    records: new Map(state.records),
    tokens: new Map(state.tokens),
    heads: [...state.heads],
    tagMarks: new Map(state.tagMarks),
    generations: new Map(state.generations),
    nodes: new Map(state.nodes),
  };
}

/** The generations of a key's namespaces, from the root on. */
export function generationOf(state: StoreState, key: string): string {
  const path = namespaceOf(key);
  const levels = path === "" ? [] : path.split("/");
  const paths = ["", ...levels.map((_, index) => levels.slice(0, index + 1).join("/"))];
  return paths.map((level) => state.generations.get(level) ?? 0).join(".");
}

/** Whether a record is a live entry. */
export function isLive(
  state: StoreState,
  key: string,
  record: StoreRecord | undefined,
  nowMs: number,
): record is StoreRecord {
  return isKept(state, key, record, nowMs) && record.expiresAtMs > nowMs;
}

/** Whether a record is an entry that lives, or is kept to stand in. */
export function isKept(
  state: StoreState,
  key: string,
  record: StoreRecord | undefined,
  nowMs: number,
): record is StoreRecord {
  if (record === undefined || record.kind !== "data" || record.expiresAtMs + record.staleMs <= nowMs) return false;
  if (record.generation !== generationOf(state, key)) return false;
  return record.tags.every((tag, index) => (state.tagMarks.get(tag) ?? 0) === record.marks[index]);
}
