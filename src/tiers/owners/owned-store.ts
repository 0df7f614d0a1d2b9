import type { BackendUsage, OperationContext } from "../../backend/backend.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { LeaseOutcome, LeaseRequest } from "../../backend/lease.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import type { NamespacePath } from "../../entry/namespace-path.ts";

/** The local store under what a node owns: every answer at once, one counter behind all versions. */
export interface OwnedStore {
  connect(): void;
  close(): void;
  get(key: string): StoredEntry | undefined;
  getStale(keys: readonly string[]): ReadonlyArray<StoredEntry | undefined>;
  set(key: string, write: EntryWrite): WriteResult;
  delete(key: string): boolean;
  expire(key: string, ttlMs: number): boolean;
  commit(checks: readonly KeyCheck[], writes: readonly KeyWrite[]): CommitResult;
  lease(request: LeaseRequest): LeaseOutcome;
  invalidateTags(tags: readonly string[]): void;
  /** Gives out the next version. */
  stamp(): number;
  /** Makes all later versions larger than this. */
  raiseVersions(version: number): void;
  scan(prefix: string, context?: OperationContext): AsyncIterable<readonly string[]>;
  clear(namespace: NamespacePath): void;
  usage(namespace: NamespacePath): BackendUsage;
}
