import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { DEFAULT_CODEC_LIMITS } from "../../src/codec/codec-limits.ts";
import { decodeGob } from "../../src/codec/gob/decode-gob.ts";
import { encodeGob } from "../../src/codec/gob/encode-gob.ts";
import { gobValue } from "../support/gob-values.ts";

it("what is written as a gob reads back equal, for a variable of its type and for an interface", () => {
  fc.assert(
    fc.property(gobValue, fc.constantFrom("concrete" as const, "interface" as const), (value, root) => {
      const bytes = encodeGob(value, { root });
      const read = decodeGob(bytes, DEFAULT_CODEC_LIMITS);
      if (!isDeepStrictEqual(read, value)) expect(read).toStrictEqual(value);
      // Written again, it is the same: nothing was lost that writing looks at.
      expect(Buffer.from(encodeGob(read, { root })).equals(bytes)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
}, 60_000);
