import type { ClearedShard, StoreChange } from "../../backend/change-feed.ts";
import type { KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { CounterRequest } from "../../backend/counter.ts";
import type { LeaseOutcome, LeaseRequest } from "../../backend/lease.ts";
import type { TierStamp } from "../../backend/shared-tier.ts";
import type { EntryWrite, StoredEntry } from "../../backend/stored-entry.ts";

/** What an owner is asked. All keys of a request are keys of shards of that one owner. */
export type OwnerRequest =
  | { readonly op: "read"; readonly keys: readonly string[]; readonly isStale: boolean }
  | { readonly op: "take"; readonly key: string; readonly tokenMs: number; readonly takesOver: boolean }
  | { readonly op: "fill"; readonly key: string; readonly token: string; readonly write: EntryWrite }
  | {
      readonly op: "renew";
      readonly key: string;
      readonly version: number;
      readonly token: string | undefined;
      readonly ttlMs: number;
      readonly staleMs: number | undefined;
    }
  | { readonly op: "release"; readonly key: string; readonly token: string }
  | { readonly op: "claim"; readonly key: string; readonly version: number; readonly claimMs: number }
  | { readonly op: "unclaim"; readonly key: string; readonly version: number }
  | { readonly op: "set"; readonly items: ReadonlyArray<readonly [key: string, write: EntryWrite]> }
  | { readonly op: "delete"; readonly keys: readonly string[] }
  | { readonly op: "expire"; readonly key: string; readonly ttlMs: number }
  | { readonly op: "increment"; readonly key: string; readonly request: CounterRequest }
  | { readonly op: "commit"; readonly checks: readonly KeyCheck[]; readonly writes: readonly KeyWrite[] }
  | { readonly op: "lock"; readonly request: LeaseRequest }
  | { readonly op: "heads"; readonly shards: readonly number[] }
  /** How far versions have come. */
  | { readonly op: "clock" }
  /** Ends what carries a tag; every version from then on is larger than `number`. */
  | { readonly op: "tags"; readonly tags: readonly string[]; readonly number: number }
  | { readonly op: "clear"; readonly path: string }
  /** Keys: the first slice, and the name of what is left. */
  | { readonly op: "scan"; readonly prefix: string; readonly isStaleListed: boolean }
  /** The next slice. */
  | { readonly op: "scan-on"; readonly cursor: number }
  | { readonly op: "scan-off"; readonly cursor: number };

/** What is asked for by its name. */
export type OwnerOp = OwnerRequest["op"];

/** What a write left, and its version. */
export interface OwnedWrite {
  readonly stored: boolean;
  readonly version: number;
  readonly previous?: StoredEntry | undefined;
}

/** What an owner answers, by what it is asked. */
export interface OwnerAnswers {
  readonly read: ReadonlyArray<{ readonly entry: StoredEntry | undefined; readonly stamp: TierStamp }>;
  readonly take: {
    readonly kind: "hit" | "token" | "busy";
    /** What lives, or stands in. */
    readonly entry: StoredEntry | undefined;
    readonly token: string;
    readonly remainingMs: number;
    readonly stamp: TierStamp;
  };
  readonly fill: { readonly stored: boolean; readonly version: number; readonly stamp: TierStamp };
  readonly renew: {
    readonly isThere: boolean;
    readonly stored: boolean;
    readonly version: number;
    readonly stamp: TierStamp;
  };
  readonly release: boolean;
  readonly claim: boolean;
  readonly unclaim: boolean;
  readonly set: readonly OwnedWrite[];
  readonly delete: ReadonlyArray<{ readonly wasThere: boolean; readonly version: number }>;
  readonly expire: boolean;
  readonly increment: { readonly value: bigint; readonly version: number };
  readonly commit: { readonly committed: boolean; readonly versions: readonly number[] };
  readonly lock: LeaseOutcome;
  readonly heads: readonly TierStamp[];
  readonly clock: number;
  readonly tags: boolean;
  readonly clear: readonly ClearedShard[];
  readonly scan: { readonly keys: readonly string[]; readonly cursor: number };
  readonly "scan-on": { readonly keys: readonly string[]; readonly cursor: number };
  readonly "scan-off": boolean;
}

/** What an owner tells all nodes: changes, and keys whose load ended without a result. */
export type OwnerNews = StoreChange | { readonly kind: "freed"; readonly key: string };

/** Whether a request may be sent again when nobody knows whether it was carried out: doing it twice is doing it once. */
export function isRepeatable({ op }: OwnerRequest): boolean {
  return REPEATABLE.has(op);
}

/** Whether a request changes what others see, so that its caller must be told when nobody knows what became of it. */
export function isChange({ op }: OwnerRequest): boolean {
  return CHANGES.has(op);
}

const CHANGES: ReadonlySet<OwnerOp> = new Set([
  ...(["fill", "renew", "set", "delete", "expire", "increment", "commit", "lock", "tags", "clear"] as const),
]);

const REPEATABLE: ReadonlySet<OwnerOp> = new Set([
  ...(["read", "take", "release", "claim", "unclaim", "heads", "clock", "tags", "clear"] as const),
  ...(["scan", "scan-off"] as const),
]);
