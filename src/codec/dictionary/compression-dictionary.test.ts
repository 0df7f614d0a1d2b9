import { describe, expect, it } from "vitest";
import { smallValues } from "../../../test/support/compression/sample-values.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import { type CompressionDictionary, parseDictionary } from "./compression-dictionary.ts";
import { createDictionarySet } from "./dictionary-set.ts";
import { trainDictionary } from "./train-dictionary.ts";

const DICTIONARY = trainDictionary(smallValues("json", 200), { sizeBytes: 2_048 });
const OTHER = trainDictionary(smallValues("log", 200), { sizeBytes: 2_048 });

/** A changed copy. */
function changed(at: number, value: number): Uint8Array {
  const bytes = new Uint8Array(DICTIONARY.bytes);
  bytes[at] = value;
  return bytes;
}

describe("a dictionary", () => {
  it("carries its own id, in the range that zstd leaves to everybody", () => {
    const { id, bytes } = DICTIONARY;
    expect(Buffer.from(bytes).readUInt32LE(4)).toBe(id);
    expect(id).toBeGreaterThanOrEqual(32_768);
    expect(id).toBeLessThan(2 ** 31);
  });

  it("is another one when a byte of it changes, but for the id that stands in it", () => {
    const { bytes, id } = DICTIONARY;
    const last = bytes.length - 1;
    expect(parseDictionary(changed(last, (bytes[last] as number) ^ 1)).id).not.toBe(id);
    expect(parseDictionary(changed(4, (bytes[4] as number) ^ 1)).id).toBe(id);
  });

  it("does not change when the bytes it was read from do", () => {
    const bytes = new Uint8Array(DICTIONARY.bytes);
    const dictionary = parseDictionary(bytes);
    bytes.fill(0);
    expect(dictionary).toEqual(DICTIONARY);
  });

  it("is refused with what is wrong when it is none, cut off or damaged", () => {
    const refused = (bytes: Uint8Array): string => {
      try {
        parseDictionary(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidArgumentError);
        return (error as Error).message;
      }
      return "";
    };
    const { bytes, content } = DICTIONARY;
    expect(refused(new Uint8Array())).toContain("does not begin");
    expect(refused(changed(0, 0))).toContain("does not begin");
    expect(refused(changed(8, 0))).toContain("table of literals");
    expect(refused(changed(bytes.length - content.length - 9, 255))).toContain("lies outside");
    const contentAt = bytes.length - content.length;
    for (let length = 0; length < contentAt + 8; length += 1) expect(refused(bytes.subarray(0, length))).not.toBe("");
  });
});

describe("a set of dictionaries", () => {
  it("writes with the first and reads with all", () => {
    const set = createDictionarySet([DICTIONARY, OTHER, DICTIONARY]);
    expect(set.writing).toBe(DICTIONARY);
    expect(set.all).toEqual([DICTIONARY, OTHER]);
    expect(set.get(OTHER.id)).toBe(OTHER);
    expect(set.get(1)).toBeUndefined();
    expect(createDictionarySet([]).writing).toBeUndefined();
  });

  it("refuses two of one id", () => {
    const impostor: CompressionDictionary = { ...OTHER, id: DICTIONARY.id };
    expect(() => createDictionarySet([DICTIONARY, impostor])).toThrow(`have the id ${DICTIONARY.id}`);
  });
});
