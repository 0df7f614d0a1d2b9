/** What to do with a lease. `owner` is a random id of the caller. */
export type LeaseRequest =
  | { readonly kind: "acquire"; readonly key: string; readonly owner: string; readonly ttlMs: number }
  | { readonly kind: "extend"; readonly key: string; readonly owner: string; readonly ttlMs: number }
  | { readonly kind: "release"; readonly key: string; readonly owner: string };

/** What became of it. */
export type LeaseOutcome =
  /** Acquired or extended. The fencing token grows with every acquisition of the key, for ever. */
  | {
      readonly kind: "held";
      readonly token: number;
      /** Acquired from a store that can lose a lease before its end: aborted before anybody else can have it. */
      readonly lost?: AbortSignal | undefined;
    }
  /** Released by its owner. */
  | { readonly kind: "released" }
  /** Somebody else holds it for at most this long. */
  | { readonly kind: "busy"; readonly remainingMs: number }
  /** To extend or release: the lease is over. */
  | { readonly kind: "lost" };
