import type { EntryWrite, StoredEntry } from "./stored-entry.ts";

/** What comes with every call; the context of a store's operations will do. */
export interface TierContext {
  /** Aborted when the caller gave up: nothing is sent after that. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where a shard stood in the moment of a read: what is known at a stamp is fresh as long as the shard's head is not above it and its epoch is the same.
 */
export interface TierStamp {
  /** The shard of the key, from 0. */
  readonly shard: number;
  /** The newest version that the shard gave out. Rises with every change of any of its keys. */
  readonly head: number;
  /** Id of the shard's data; another one means that something may have been lost. */
  readonly epoch: string;
  /** When the data came to be, by the server's wall clock in ms. */
  readonly bornAtMs: number;
}

/** An entry as the tier has it, or its absence, of one moment with its stamp. */
export interface TierRead {
  readonly entry: StoredEntry | undefined;
  readonly stamp: TierStamp;
}

/** What to do on a miss. */
export interface TierLeaseRequest {
  /** How long the token keeps others from loading, in ms. A loader that takes longer can still fill if nobody took over. */
  readonly tokenMs: number;
}

/** What became of a read that may begin a load. */
export type TierLease =
  /** The entry is there. */
  | { readonly kind: "hit"; readonly entry: StoredEntry; readonly stamp: TierStamp }
  /** Nobody loads: this caller does, and fills with the token. `stale`: data that is over and was kept to stand in. */
  | {
      readonly kind: "token";
      readonly token: string;
      readonly stamp: TierStamp;
      readonly stale: StoredEntry | undefined;
    }
  /** Somebody loads, for at most this long. */
  | {
      readonly kind: "busy";
      readonly remainingMs: number;
      readonly stamp: TierStamp;
      readonly stale: StoredEntry | undefined;
    };

/** The result of a load. Its `condition` and `returnPrevious` are not used: the token decides. */
export interface TierFill {
  readonly token: string;
  readonly write: EntryWrite;
  /** How long beyond its TTL the tier keeps the data to stand in, in ms. Default 0. */
  readonly staleMs?: number | undefined;
}

/** What became of a fill. */
export interface TierFillResult {
  /** False when the token is void: the key was written, deleted or cleared since, one of its tags was invalidated, or somebody took over. */
  readonly stored: boolean;
  /** Version of the new entry; when refused, 0. */
  readonly version: number;
  readonly stamp: TierStamp;
}

/** A process of the fleet in the tier's table. */
export interface TierNode {
  /** Names one life of a process. */
  readonly id: string;
  /** What others need to reach it; opaque here. */
  readonly info: string;
}

/** A node's lease by the server's clock. */
export interface TierNodeLease extends TierNode {
  /** What is left of it, in ms. */
  readonly remainingMs: number;
}

/** All nodes whose leases last. */
export interface TierNodes {
  readonly nodes: readonly TierNodeLease[];
  /** How long ago the table came to be, in ms: a young one may lack nodes that are still alive. */
  readonly ageMs: number;
}

/** Which heads are asked for, and what is told on the way. */
export interface TierHeadsRequest {
  readonly shards: readonly number[];
  /** Renews this node's lease. */
  readonly node?: (TierNode & { readonly leaseMs: number }) | undefined;
}

/** Heads of shards, of moments after the question was sent. */
export interface TierHeads {
  /** In the order of the question. */
  readonly stamps: readonly TierStamp[];
  /** The clock of tags: rises with every invalidation of tags, wherever the entries are. */
  readonly tagHead: number;
}

/**
 * What a store that processes share does for caches in front of it: loads that one of many does, fills that lose against everything newer, and heads by
 * which copies are proven fresh. All of it holds by the server's clock and the server's order; no client's clock decides anything.
 */
export interface SharedTier {
  /** Into how many shards keys fall. */
  readonly shardCount: number;
  /** The shard of a stored key. No I/O. */
  shardOf(key: string): number;
  /** Entries of many keys, each with the stamp of its read. One round trip per server. */
  read(keys: readonly string[], context: TierContext): Promise<readonly TierRead[]>;
  /** The entry, or the right to load it, or who has that. One round trip for a hit, one more for a miss. */
  getOrLease(key: string, request: TierLeaseRequest, context: TierContext): Promise<TierLease>;
  /** Stores the result of a load if its token still stands. */
  fill(key: string, fill: TierFill, context: TierContext): Promise<TierFillResult>;
  /** Gives a token back without a result, so that the next caller loads at once. @returns whether it still stood */
  release(key: string, token: string, context: TierContext): Promise<boolean>;
  /** Ends entries and voids every token of theirs. @returns the version of each end: what is older must not be served */
  invalidate(keys: readonly string[], context: TierContext): Promise<readonly number[]>;
  /** Heads of shards; also renews the lease of a node. One round trip per server. */
  heads(request: TierHeadsRequest, context: TierContext): Promise<TierHeads>;
  /** The table of nodes. */
  nodes(context: TierContext): Promise<TierNodes>;
  /** Takes a node out of the table. */
  leave(nodeId: string, context: TierContext): Promise<void>;
}
