import type { Backend } from "../backend/backend.ts";
import type { Codec } from "../codec/codec.ts";
import type { StoredValues } from "./stored-values.ts";
import type { WriteAcks } from "./write-acks.ts";

/** What a store of bytes needs to be used as a store of values. */
export interface CodedBackendParts {
  /** Keeps bytes. */
  readonly backend: Backend;
  readonly codec: Codec;
  readonly values: StoredValues;
  /** Waits for processes that keep copies of what this one writes; `undefined`: nobody can. */
  readonly acks?: WriteAcks | undefined;
}
