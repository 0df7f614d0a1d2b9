import type { EntryWrite, StoredEntry } from "./stored-entry.ts";

/** What comes with every call; the context of a store's operations will do. */
export interface TierContext {
  /** Aborted when the caller gave up: nothing is sent after that. */
  readonly signal?: AbortSignal | undefined;
  /** As of a store's operations. */
  readonly isAbandoned?: boolean | undefined;
  /** As of a store's operations. */
  readonly untilMs?: number | undefined;
}

/** The right to store the result of one load. Means something to the tier that gave it out; others hand it on as it is. */
export type LoadToken = string | object;

/** What to do on a miss. */
export interface LoadLeaseRequest {
  /** How long the token keeps others from loading, in ms. A loader that takes longer can still fill if nobody took over. */
  readonly tokenMs: number;
  /**
   * For a load whose result is to replace whatever others load or have loaded: the token is given whoever has one, whose result is then refused, and where an entry lives as well;
   * see {@link ReplacedEntry}. A tier that cannot give one beside an entry answers with that as a hit, for a write on condition of its version. Default: false.
   */
  readonly takesOver?: boolean | undefined;
}

/**
 * The entry beside which a token was given. It lives on, under another version than before, so that every write on condition of the one before, such as that of a refresh that began
 * earlier, is refused.
 */
export interface ReplacedEntry {
  readonly version: number;
  readonly previousVersion: number;
}

/** What became of a read that may begin a load. `stale`: data whose TTL is over, and that was kept to stand in. */
export type LoadLease =
  /** The entry is there. */
  | { readonly kind: "hit"; readonly entry: StoredEntry }
  /** Nobody loads: this caller does, and fills with the token, or releases it. `replaced`: as {@link LoadLeaseRequest.takesOver} says, where an entry lives. */
  | {
      readonly kind: "token";
      readonly token: LoadToken;
      readonly stale: StoredEntry | undefined;
      readonly replaced?: ReplacedEntry | undefined;
    }
  /** Somebody loads, for at most this long. */
  | { readonly kind: "busy"; readonly remainingMs: number; readonly stale: StoredEntry | undefined };

/** The result of a load. Its `condition` and `returnPrevious` are not used: the token decides. */
export interface LoadFill {
  readonly token: LoadToken;
  /** `tagsUnchangedSince` is not needed where the tier remembers when the token was given out; it may be given, and then counts too. */
  readonly write: EntryWrite;
}

/** What became of a fill. */
export interface LoadFillResult {
  /** False when the token is void: the key was written, deleted or cleared since, one of its tags was invalidated, or somebody took over. */
  readonly stored: boolean;
  /** Version of the new entry; when refused, 0. */
  readonly version: number;
}

/** Another end for data that is still right. */
export interface LoadRenewal {
  /** Version of the entry that the loader was shown. */
  readonly version: number;
  /** The right to load, if there is one: then the data may be over, and kept to stand in. `undefined`: the entry must live. */
  readonly token: LoadToken | undefined;
  /** From now, in ms; `Infinity`: for ever. */
  readonly ttlMs: number;
  /** As of a write: how long the data is kept beyond its end, in ms. */
  readonly staleMs?: number | undefined;
}

/**
 * What a store that processes share does for loads: one of many processes loads a key, the others are told or wait, and a result that is older than any
 * change of its key is refused. All of it holds by the server's order; no client's clock decides anything.
 */
export interface LoadTier {
  /** The entry, or the right to load it, or who has that. Calls of one turn share their round trips. */
  getOrLease(key: string, request: LoadLeaseRequest, context: TierContext): Promise<LoadLease>;
  /** Stores the result of a load if its token still stands. Keeps the data beyond its TTL by `write.staleMs`. */
  fill(key: string, fill: LoadFill, context: TierContext): Promise<LoadFillResult>;
  /**
   * Gives the data that is there another end without its value being sent, and gives the token back. The data goes on under a new version, so that whoever holds the old one,
   * for a write on its condition or as a copy, learns of it. Refused like a fill: when the token is void, or without one the entry has another version or does not live; and when
   * one of the tags that the data carries was invalidated since it was written, whatever the token says. Absent where only a write gives data another end.
   *
   * @returns `undefined` when the token stands and the data is not there, or not in that version: nothing was done, and the token is good for a fill
   */
  renew?(key: string, renewal: LoadRenewal, context: TierContext): Promise<LoadFillResult | undefined>;
  /** Gives a token back without a result, so that the next caller loads at once. @returns whether it still stood */
  release(key: string, token: LoadToken, context: TierContext): Promise<boolean>;
  /**
   * Asks for the leave to refresh a live entry, so that one of many processes does. Nothing depends on it but how often the source is asked: the result is stored on condition of the
   * version, whoever has the leave. It ends after `claimMs`, with the version, and by {@link LoadTier.releaseRefresh}. A tier may lose it; then somebody else gets it as well. Absent
   * where each process refreshes for itself.
   *
   * @returns whether nobody had it
   */
  claimRefresh?(key: string, version: number, claimMs: number, context: TierContext): Promise<boolean>;
  /** Gives it back before its end, for a refresh that brought nothing. To be called by who has it, and not after its end. */
  releaseRefresh?(key: string, version: number, context: TierContext): Promise<void>;
  /**
   * Tells each time when something happened to a key: filled, released, written, ended. May tell too often and, when messages are lost, never: whoever waits
   * looks by itself from time to time. Absent where the store has no messages.
   *
   * @returns a function that stops it
   */
  watchKey?(key: string, onChange: () => void): () => void;
}
