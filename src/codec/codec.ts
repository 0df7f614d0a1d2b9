import type { EntryMetadata } from "../entry/entry-metadata.ts";

/** A value as it was read, with what was kept beside it. */
export interface DecodedValue {
  readonly value: unknown;
  /** `undefined` when nothing was kept. */
  readonly metadata: EntryMetadata | undefined;
}

/**
 * Turns values into bytes and back: serialize, compress, encrypt. One codec serves all values of a store at once.
 *
 * Most calls answer at once; those that compress or encrypt a large value, or need a library that is not loaded yet, answer with a promise, so that
 * they do not block others.
 */
export interface Codec {
  /** Loads the libraries that writing needs. @throws DependencyError `GCX_DEPENDENCY_MISSING` */
  load(): Promise<void>;
  /**
   * The bytes of a value. They are the caller's to keep and may share memory with other bytes of this codec; nobody may change them.
   *
   * @param value anything but `undefined`
   * @param storedKey the key that the bytes are stored under, namespace included; encryption binds them to it
   * @param metadata what the store has no place for
   * @throws SerializationError `GCX_SERIALIZATION_VALUE` with the path of the first part that would not come back equal, or of
   * the whole (`$`) when it is too large or nested too deeply
   */
  encode(value: unknown, storedKey: string, metadata?: EntryMetadata): Uint8Array | Promise<Uint8Array>;
  /**
   * The value of bytes. It shares no memory with them.
   *
   * @throws CodecFault, as a rejection when the answer is a promise; nothing else
   */
  decode(bytes: Uint8Array, storedKey: string): DecodedValue | Promise<DecodedValue>;
  /** Whether integers are written as decimal text, so that the store's own counters work on them. */
  readonly hasCounters: boolean;
}
