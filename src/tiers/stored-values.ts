import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { Codec } from "../codec/codec.ts";
import { CodecFault, type UnreadableReason } from "../codec/codec-fault.ts";
import { UnreadableValueError } from "../foundation/errors.ts";

/** How unreadable values are taken. */
export interface UnreadableStance {
  /** Told of each value that could not be read. */
  readonly onUnreadable: (storedKey: string, fault: CodecFault) => void;
  /** Whether reads of such values throw; otherwise they are misses. */
  readonly throws: boolean;
}

/** What no cache can read, whatever it is set to. */
const WORTHLESS: ReadonlySet<UnreadableReason> = new Set(["foreign", "damaged", "malformed", "not-authentic"]);

/**
 * An entry with its value in place of its bytes. Its other fields are the store's, read when somebody asks: a store may compute them only then, so
 * they must not be copied.
 */
class DecodedEntry implements StoredEntry {
  readonly value: unknown;
  readonly #entry: StoredEntry;

  constructor(entry: StoredEntry, value: unknown) {
    this.value = value;
    this.#entry = entry;
  }

  get version(): number {
    return this.#entry.version;
  }

  get expiresAt(): number {
    return this.#entry.expiresAt;
  }

  get tags(): readonly string[] {
    return this.#entry.tags;
  }

  get slidingTtlMs(): number | undefined {
    return this.#entry.slidingTtlMs;
  }

  get tier(): string | undefined {
    return this.#entry.tier;
  }
}

/** Decodes what a store of bytes holds, and knows what to do with what cannot be. */
export class StoredValues {
  readonly #codec: Codec;
  readonly #stance: UnreadableStance;

  constructor(codec: Codec, stance: UnreadableStance) {
    this.#codec = codec;
    this.#stance = stance;
  }

  /**
   * The entry with its value, or `undefined` when there is none or nobody can read it.
   *
   * @throws UnreadableValueError `GCX_SERIALIZATION_UNREADABLE` when the stance says so
   */
  decodeEntry(storedKey: string, entry: StoredEntry | undefined): MaybePromise<StoredEntry | undefined> {
    if (entry === undefined) return undefined;
    try {
      const decoded = this.#codec.decode(toBytes(entry.value), storedKey);
      if (!(decoded instanceof Promise)) return new DecodedEntry(entry, decoded.value);
      return decoded.then(
        ({ value }) => new DecodedEntry(entry, value),
        (error: unknown) => this.#refuse(storedKey, error),
      );
    } catch (error) {
      return this.#refuse(storedKey, error);
    }
  }

  /** As {@link StoredValues.decodeEntry}, for what a write that happened replaced: never throws for what cannot be read. */
  async decodePrevious(storedKey: string, entry: StoredEntry): Promise<StoredEntry | undefined> {
    try {
      return await this.decodeEntry(storedKey, entry);
    } catch (error) {
      if (error instanceof UnreadableValueError) return undefined;
      throw error;
    }
  }

  /** As {@link StoredValues.decodeEntry}, for data that is to stand in for a miss: what cannot be read is none. Tells nobody and throws no refusal, for the read that missed has done so. */
  async decodeStandIn(storedKey: string, entry: StoredEntry): Promise<StoredEntry | undefined> {
    try {
      const { value } = await this.#codec.decode(toBytes(entry.value), storedKey);
      return new DecodedEntry(entry, value);
    } catch (error) {
      if (error instanceof CodecFault) return undefined;
      throw error;
    }
  }

  /**
   * Whether nobody can read the entry, so that it counts as absent for writes on condition. What another cache may read, one of a newer version or with
   * another key, does not: whoever wrote it relies on it, a leader on its `setNX` for one. Tells nobody.
   */
  async isWorthless(storedKey: string, entry: StoredEntry): Promise<boolean> {
    try {
      await this.#codec.decode(toBytes(entry.value), storedKey);
      return false;
    } catch (error) {
      if (error instanceof CodecFault) return WORTHLESS.has(error.reason);
      throw error;
    }
  }

  #refuse(storedKey: string, error: unknown): undefined {
    if (!(error instanceof CodecFault)) throw error;
    this.#stance.onUnreadable(storedKey, error);
    if (!this.#stance.throws) return undefined;
    const { reason, detail, cause } = error;
    throw new UnreadableValueError(reason, detail, cause === undefined ? {} : { cause });
  }
}

/** A store that promises bytes and gives something else is not trusted. */
function toBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new CodecFault("foreign", "something other than bytes");
}
