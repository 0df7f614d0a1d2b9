import type { Scheduler } from "../foundation/scheduler.ts";
import type { CodecLimits } from "./codec-limits.ts";
import type { Compressor } from "./compressors/compressor.ts";
import type { DictionarySet } from "./dictionary/dictionary-set.ts";
import type { KeyRing } from "./encryption/key-ring.ts";
import type { Serializer } from "./serializers/serializer.ts";

/** What an envelope codec is made of; all of it resolved. */
export interface EnvelopeCodecOptions {
  /** Writes values, and reads its own. Those of the library's other serializers are read as well. */
  readonly serializer: Serializer;
  /** What compresses values; `undefined`: nothing does. Compressed values are read all the same. */
  readonly compression: CompressionChoice | undefined;
  /** Dictionaries that values may have been compressed with. */
  readonly dictionaries: DictionarySet;
  /** What encrypts and decrypts; `undefined`: values are in the clear, and encrypted ones unreadable. With keys those in the clear are. */
  readonly keyRing: KeyRing | undefined;
  readonly limits: CodecLimits;
  /** Lets other work run while large values are encrypted. */
  readonly scheduler: Scheduler;
}

/** How values are compressed. */
export interface CompressionChoice {
  readonly compressor: Compressor;
  /** Values of fewer bytes are stored raw. */
  readonly thresholdBytes: number;
}
