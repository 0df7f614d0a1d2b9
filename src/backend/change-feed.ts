/** A key got a new version, or was ended. */
export interface KeyChange {
  readonly kind: "change";
  /** The stored key. */
  readonly key: string;
  /** The head of its shard after it. */
  readonly version: number;
  /** The head before it: who knew every change up to there knows every one now. `undefined`: the store does not know, for it had lost the head. */
  readonly previousHead: number | undefined;
}

/** Tags were invalidated. */
export interface TagsChange {
  readonly kind: "tags";
  readonly tags: readonly string[];
  /** The clock of tags after it. */
  readonly number: number;
  /** The clock of tags before it; `undefined` as for keys. */
  readonly previousNumber: number | undefined;
}

/** What a clear did to one shard. */
export interface ClearedShard {
  readonly shard: number;
  /** The shard's head before it; `undefined` as for keys. */
  readonly previousHead: number | undefined;
  readonly version: number;
}

/** A namespace, and those inside it, were ended, as far as these shards are concerned. */
export interface ClearChange {
  readonly kind: "clear";
  /** Path of the namespace. */
  readonly path: string;
  readonly heads: readonly ClearedShard[];
}

/** Something was told that cannot be read: anything may have changed. */
export interface UnknownChange {
  readonly kind: "unknown";
}

/** What a store tells of changes, whoever made them. */
export type StoreChange = KeyChange | TagsChange | ClearChange | UnknownChange;

/** Hears of changes. Neither may throw. */
export interface ChangeListener {
  onChange(change: StoreChange): void;
  /** Changes may have been missed. `isHearing`: those from now on are told, until the next gap. */
  onGap(isHearing: boolean): void;
}
