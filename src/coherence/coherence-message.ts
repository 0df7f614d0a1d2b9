/** A shard of a store that has heads. */
export interface HeadedShard {
  readonly shard: number;
  /** Into how many the store's keys fall. */
  readonly shardCount: number;
}

/** A key got a new version, or was ended. */
export interface ChangeMessage {
  readonly kind: "change";
  /** The stored key. */
  readonly key: string;
  /** The shard's head after it; `undefined` when the sender does not know: then it may be newer than anything. */
  readonly version: number | undefined;
  /** The shard's head before it; `undefined` when the sender does not know: then it says nothing about other changes. */
  readonly previousHead: number | undefined;
  /** The key's shard, for a transport that has no room to say which keys changed; left out where the store has no heads, or the sender does not know. Is not sent. */
  readonly home?: HeadedShard | undefined;
}

/** Tags were invalidated. */
export interface TagsMessage {
  readonly kind: "tags";
  /** All of them, at once. */
  readonly tags: readonly string[];
  /** The clock of tags after it; `undefined` when the sender does not know. */
  readonly number: number | undefined;
  /** The clock of tags before it. */
  readonly previousNumber: number | undefined;
}

/** A namespace, and those inside it, were ended. */
export interface ClearMessage {
  readonly kind: "clear";
  /** Path of the namespace. */
  readonly path: string;
  /** For each shard its heads before and after, as for keys; empty when the sender does not know. */
  readonly heads: readonly {
    readonly shard: number;
    readonly previousHead: number | undefined;
    readonly version: number;
  }[];
}

/** "Tell me when everything up to this version is applied to your copies." */
export interface AckAskMessage {
  readonly kind: "ack-ask";
  /** Chosen by the sender; comes back. */
  readonly id: number;
  /** The stored key. */
  readonly key: string;
  /** Copies below it must be gone; positive infinity: every copy of the key. */
  readonly version: number;
}

/** The answer: no copy of the key that is older than the version will be served by this node any more. */
export interface AckMessage {
  readonly kind: "ack";
  /** That of the question. */
  readonly id: number;
}

/** Keys of some shards were changed, and which ones is not told any more. */
export interface DirtyMessage {
  readonly kind: "dirty";
  /** Into how many shards the sender has keys fall. */
  readonly shardCount: number;
  /** The shards, and their heads after the last of the changes; `undefined` when the sender does not know: then it may be above anything. */
  readonly shards: readonly { readonly shard: number; readonly head: number | undefined }[];
}

/** A sender that cannot tell what changed, or one of another version of this protocol: everything may have. */
export interface UnknownMessage {
  readonly kind: "unknown";
}

/** What nodes tell each other. A closed union: what a receiver does not know is `unknown`, never ignored. */
export type CoherenceMessage =
  | ChangeMessage
  | TagsMessage
  | ClearMessage
  | DirtyMessage
  | AckAskMessage
  | AckMessage
  | UnknownMessage;
