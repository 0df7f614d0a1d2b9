import type { Buffer } from "node:buffer";
import type { CodecLimits } from "../codec-limits.ts";

/** Bytes that a payload's writer leaves free in front of it, for the envelope's head. */
export const HEAD_ROOM_BYTES = 8;

/** A value on its way into an envelope. */
export type Payload =
  /** Text, which the envelope writes as UTF-8. */
  | { readonly kind: number; readonly form: "text"; readonly text: string }
  /** Bytes. */
  | { readonly kind: number; readonly form: "bytes"; readonly bytes: Uint8Array }
  /** Bytes in memory that is the serializer's, which it uses again for the next value; text, where it reads text. */
  | { readonly kind: number; readonly form: "lent"; readonly bytes: Buffer; readonly isAscii: boolean }
  /** Bytes of which the first {@link HEAD_ROOM_BYTES} are free, and nobody else's. */
  | { readonly kind: number; readonly form: "roomy"; readonly bytes: Buffer };

/**
 * Turns values into bytes and back. Strings, bytes and integers do not come here: the codec writes them as they are.
 */
export interface Serializer {
  /** Its name in the configuration, for example `"json"`. */
  readonly name: string;
  /** The kinds of payload that it reads, by their numbers in the envelope. */
  readonly kinds: readonly number[];
  /** Loads the library that it needs, if any. @throws DependencyError `GCX_DEPENDENCY_MISSING` */
  load(): Promise<void>;
  /** Whether {@link Serializer.load} has succeeded; always true where nothing is to be loaded. */
  readonly isLoaded: boolean;
  /**
   * The value's payload.
   *
   * @throws UncopyablePart for the first part that would not come back equal; anything else that a getter or a library throws
   */
  serialize(value: unknown, limits: CodecLimits): Payload;
  /** Whether {@link Serializer.deserializeText} reads its payloads; otherwise {@link Serializer.deserializeBytes} does. */
  readonly isText: boolean;
  /**
   * The value of a payload that was text.
   *
   * @param kind one of {@link Serializer.kinds}
   * @throws CodecFault; anything else that a library throws
   */
  deserializeText?(kind: number, text: string, limits: CodecLimits): unknown;
  /**
   * The value of a payload of bytes. It shares no memory with them.
   *
   * @param kind one of {@link Serializer.kinds}
   * @param bytes the payload is at their end; they are not kept, and get no properties
   * @param from where it begins
   * @throws CodecFault; anything else that a library throws
   */
  deserializeBytes?(kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): unknown;
}
