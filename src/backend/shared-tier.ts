import type { ChangeListener } from "./change-feed.ts";
import type {
  LoadFill,
  LoadFillResult,
  LoadLease,
  LoadLeaseRequest,
  LoadRenewal,
  LoadTier,
  TierContext,
} from "./load-tier.ts";
import type { MailListener, NodeMail } from "./node-mail.ts";
import type { StoredEntry } from "./stored-entry.ts";

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

/** What became of a read that may begin a load, with the stamp of the moment. */
export type TierLease = LoadLease & { readonly stamp: TierStamp };

/** What became of a fill, with the stamp of the moment. */
export interface TierFillResult extends LoadFillResult {
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
  /** Renews this node's lease, before anything is looked at. */
  readonly node?: (TierNode & { readonly leaseMs: number }) | undefined;
}

/** Heads of shards, of moments after the question was sent. */
export interface TierHeads {
  /** In the order of the question. */
  readonly stamps: readonly TierStamp[];
  /** The clock of tags: rises with every invalidation of tags, wherever the entries are. */
  readonly tagHead: number;
  /** Id of the clock's data, where another server than that of the stamps may have lost some of it; left out where the epochs of the stamps say it. */
  readonly tagEpoch?: string | undefined;
}

/**
 * What a store that processes share does for caches in front of it: loads that one of many does, fills that lose against everything newer, and heads by
 * which copies are proven fresh. All of it holds by the server's clock and the server's order; no client's clock decides anything.
 */
export interface SharedTier extends LoadTier {
  /** Into how many shards keys fall. */
  readonly shardCount: number;
  /** The shard of a stored key. No I/O. */
  shardOf(key: string): number;
  /**
   * How far the wall clock of a key's server is ahead of this process's, as far as it is known, in ms: what has to be added to the ends of entries, which are told by this process's clock, to make them
   * instants that every process understands. Left out: they are by the server's clock already.
   */
  clockLeadMs?(key: string): number;
  /** Entries of many keys, each with the stamp of its read. One round trip per server. */
  read(keys: readonly string[], context: TierContext): Promise<readonly TierRead[]>;
  getOrLease(key: string, request: LoadLeaseRequest, context: TierContext): Promise<TierLease>;
  fill(key: string, fill: LoadFill, context: TierContext): Promise<TierFillResult>;
  renew(key: string, renewal: LoadRenewal, context: TierContext): Promise<TierFillResult | undefined>;
  /** Ends entries and voids every token of theirs. @returns the version of each end: what is older must not be served */
  invalidate(keys: readonly string[], context: TierContext): Promise<readonly number[]>;
  /** Heads of shards, of moments after the lease of the node was renewed. One round trip per server, and one more for the lease. */
  heads(request: TierHeadsRequest, context: TierContext): Promise<TierHeads>;
  /**
   * Says where this node can be reached, for a time, and asks who else has said so. An announcement is no lease: it outlasts pauses, and nobody waits for who made it. Left out where the
   * store has no place for it.
   */
  announce?(node: TierNode & { readonly keepMs: number }, context: TierContext): Promise<readonly TierNode[]>;
  /** The table of nodes. */
  nodes(context: TierContext): Promise<TierNodes>;
  /**
   * Tells of every change of the store, whoever makes it, until the returned function is called. Begins by {@link ChangeListener.onGap} when changes can be heard. Nothing may depend
   * on it: changes may be told late, twice, or not at all, which the heads show. Left out where the store cannot.
   */
  watchChanges?(listener: ChangeListener): () => void;
  /** Opens the mail of a node, over which it hears from others; in the background. Left out where the store carries none. */
  openMail?(nodeId: string, listener: MailListener): NodeMail;
  /** Takes a node out of the table. */
  leave(nodeId: string, context: TierContext): Promise<void>;
}
