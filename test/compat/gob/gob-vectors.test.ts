import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../../../src/codec/codec-fault.ts";
import { DEFAULT_CODEC_LIMITS } from "../../../src/codec/codec-limits.ts";
import { decodeGob } from "../../../src/codec/gob/decode-gob.ts";
import { EXPECTED_VALUES } from "./expected-values.ts";
import { readGobVectors } from "./gob-vector.ts";

describe("gobs that Go wrote", () => {
  const vectors = readGobVectors();

  it("are expected one by one", () => {
    expect(vectors.length).toBeGreaterThan(200);
    expect(vectors.map(({ name }) => name)).toEqual([...EXPECTED_VALUES.keys()]);
  });

  it.each(vectors)("$name ($type)", ({ name, bytes }) => {
    const value = decodeGob(bytes, DEFAULT_CODEC_LIMITS);
    const isEqual = isSame(value, EXPECTED_VALUES.get(name));
    // The comparison says whether, vitest's own says where.
    if (!isEqual) expect(value).toStrictEqual(EXPECTED_VALUES.get(name));
    expect(isEqual).toBe(true);
  });

  it("are faults when a byte is missing, wherever they are cut, or one comes behind", () => {
    for (const { name, bytes } of vectors) {
      for (const cut of cutsOf(bytes.length)) {
        expect(() => decodeGob(bytes.subarray(0, cut), DEFAULT_CODEC_LIMITS), `${name} cut at ${cut}`).toThrow(
          CodecFault,
        );
      }
      expect(() => decodeGob(Buffer.concat([bytes, Buffer.of(0)]), DEFAULT_CODEC_LIMITS), name).toThrow(CodecFault);
    }
  });

  it("read the same from the middle of a larger buffer, and are not changed", () => {
    for (const { name, bytes } of vectors) {
      const around = Buffer.concat([Buffer.alloc(5, 255), bytes, Buffer.alloc(5, 255)]);
      const copy = Buffer.from(around);
      const value = decodeGob(around.subarray(5, 5 + bytes.length), DEFAULT_CODEC_LIMITS);
      expect(isSame(value, EXPECTED_VALUES.get(name)), name).toBe(true);
      expect(around.equals(copy)).toBe(true);
    }
  });
});

/** An invalid `Date` is not even equal to itself. */
function isSame(value: unknown, expected: unknown): boolean {
  const isInvalid = expected instanceof Date && Number.isNaN(expected.getTime());
  return isInvalid ? value instanceof Date && Number.isNaN(value.getTime()) : isDeepStrictEqual(value, expected);
}

/** All places, or about two hundred of a long gob. */
function cutsOf(length: number): readonly number[] {
  const step = Math.max(1, Math.floor(length / 200));
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step);
}
