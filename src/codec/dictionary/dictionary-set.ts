import { InvalidArgumentError } from "../../foundation/errors.ts";
import type { CompressionDictionary } from "./compression-dictionary.ts";

/** The dictionaries that a cache knows. Immutable. */
export interface DictionarySet {
  /** What new values are written with; `undefined` when the set is empty. */
  readonly writing: CompressionDictionary | undefined;
  /** All of them, the writing one first. */
  readonly all: readonly CompressionDictionary[];
  /** The dictionary that a value names; `undefined` when the set does not have it. O(1) */
  get(id: number): CompressionDictionary | undefined;
}

/**
 * A set of dictionaries: the first writes, all read. To change to a new one, put it first and keep the old ones until the values written with
 * them have expired; give it to every reader before the first writer.
 *
 * @throws InvalidArgumentError when two of them have the same id but other bytes
 */
export function createDictionarySet(dictionaries: readonly CompressionDictionary[]): DictionarySet {
  const byId = new Map<number, CompressionDictionary>();
  for (const dictionary of dictionaries) {
    const known = byId.get(dictionary.id);
    // The same one twice is harmless. Others with one id: once in two thousand million pairs, but reads would go wrong without a word.
    if (known !== undefined && !isEqual(known.bytes, dictionary.bytes)) throw sameId(dictionary.id);
    if (known === undefined) byId.set(dictionary.id, dictionary);
  }
  const all = Object.freeze([...byId.values()]);
  return Object.freeze({ writing: all[0], all, get: (id: number) => byId.get(id) });
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sameId(id: number): InvalidArgumentError {
  return new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    "dictionaries",
    `Two dictionaries have the id ${id} but other bytes. Leave one out, or train it again from other samples.`,
  );
}
