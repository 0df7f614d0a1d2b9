import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { Codec } from "../codec/codec.ts";
import { CodecFault } from "../codec/codec-fault.ts";
import { UnreadableValueError } from "../foundation/errors.ts";

/** How unreadable values are taken. */
export interface UnreadableStance {
  /** Told of each value that could not be read. */
  readonly onUnreadable: (storedKey: string, fault: CodecFault) => void;
  /** Whether reads of such values throw; otherwise they are misses. */
  readonly throws: boolean;
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
      if (!(decoded instanceof Promise)) return { ...entry, value: decoded.value };
      return decoded.then(
        ({ value }) => ({ ...entry, value }),
        (error: unknown) => this.#refuse(storedKey, error),
      );
    } catch (error) {
      return this.#refuse(storedKey, error);
    }
  }

  /** Whether nobody can read the entry; tells nobody. */
  async isUnreadable(storedKey: string, entry: StoredEntry): Promise<boolean> {
    try {
      await this.#codec.decode(toBytes(entry.value), storedKey);
      return false;
    } catch (error) {
      if (error instanceof CodecFault) return true;
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
