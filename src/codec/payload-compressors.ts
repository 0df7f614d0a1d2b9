import { CodecFault } from "./codec-fault.ts";
import type { Compressor } from "./compressors/compressor.ts";
import { compressorKindOf, createCompressor, createDictionaryCompressor } from "./compressors/create-compressor.ts";
import type { DictionarySet } from "./dictionary/dictionary-set.ts";
import type { CompressionNote } from "./envelope/envelope-head.ts";

/** The compressors that read values, made when the first value needs one. */
export class PayloadCompressors {
  readonly #dictionaries: DictionarySet;
  /** By compressor and dictionary; the codec's own is among them, so that nothing is loaded twice. */
  readonly #made = new Map<string, Compressor>();

  constructor(own: Compressor | undefined, dictionaries: DictionarySet) {
    this.#dictionaries = dictionaries;
    if (own !== undefined) this.#made.set(nameOf(own.id, own.dictionaryId), own);
  }

  /** @throws CodecFault `unknown-compressor`, `unknown-dictionary` */
  find({ compressorId, dictionaryId }: CompressionNote): Compressor {
    const name = nameOf(compressorId, dictionaryId);
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const compressor = this.#create(compressorId, dictionaryId);
    this.#made.set(name, compressor);
    return compressor;
  }

  #create(compressorId: number, dictionaryId: number | undefined): Compressor {
    const name = compressorKindOf(compressorId)?.name;
    if (name === undefined) throw new CodecFault("unknown-compressor", `a compressor with the number ${compressorId}`);
    if (dictionaryId === undefined) return createCompressor(name);
    const dictionary = this.#dictionaries.get(dictionaryId);
    const compressor = dictionary === undefined ? undefined : createDictionaryCompressor(name, dictionary);
    if (compressor !== undefined) return compressor;
    throw new CodecFault("unknown-dictionary", `a value compressed with the dictionary ${dictionaryId}`);
  }
}

function nameOf(compressorId: number, dictionaryId: number | undefined): string {
  return `${compressorId}:${dictionaryId ?? ""}`;
}
