/** What may be kept with a value where the store has no place for it. All of it is optional. */
export interface EntryMetadata {
  /** The entry's version, an integer from 0 to 2^53 - 1. */
  readonly version?: number | undefined;
  /** Wall-clock instant until which the value is fresh, whole ms since the epoch. */
  readonly freshUntil?: number | undefined;
  /** Wall-clock instant at which the entry expires, whole ms since the epoch. */
  readonly expiresAt?: number | undefined;
  /** Its tags, each with the version that the tag had when the value was loaded (0: not known). */
  readonly tags?: readonly TagMark[] | undefined;
}

/** A tag and the version it had. */
export interface TagMark {
  readonly tag: string;
  readonly version: number;
}
