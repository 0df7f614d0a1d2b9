import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { expect, it } from "vitest";
import { PlainJsonWriter } from "../../src/codec/serializers/plain-json-writer.ts";
import { PlainMsgpackWriter } from "../../src/codec/serializers/plain-msgpack-writer.ts";
import { isPlainJson, isPlainMsgpack, NOT_PLAIN } from "../../src/codec/serializers/plain-tree.ts";
import { ANY_CODE_POINT } from "../support/any-code-point.ts";

/** Few, so that names come again in their places, and in others. */
const name = fc.oneof(
  fc.constantFrom("id", "name", "a", "b", "toString", "__proto__", "length", "0", "é", 'q"'),
  fc.string({ unit: ANY_CODE_POINT, maxLength: 50 }),
);
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  // Lone surrogates among them.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes)),
  fc.tuple(fc.string({ maxLength: 3 }), fc.nat({ max: 2_000 })).map(([part, count]) => part.repeat(count)),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
  fc.maxSafeInteger(),
);
/** Things that are not plain are rare, so that most values are. */
const odd = fc.constantFrom<unknown>(undefined, 1n, -0, Number.NaN, new Date(0), Symbol.iterator, Object.create(null));
const leaf = fc.oneof(
  { weight: 10, arbitrary: text },
  { weight: 10, arbitrary: number },
  { weight: 4, arbitrary: fc.constantFrom(true, false, null) },
  { weight: 1, arbitrary: odd },
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 20 }) },
    { weight: 2, arbitrary: fc.array(fc.tuple(name, tie("value")), { maxLength: 20 }).map(objectOf) },
  ),
}));
const root = fc.oneof(
  fc.array(value, { maxLength: 20 }),
  fc.array(fc.tuple(name, value), { maxLength: 20 }).map(objectOf),
);

/** Also with a property named `__proto__`. */
function objectOf(pairs: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, part] of pairs) {
    Object.defineProperty(object, key, { value: part, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

it("what is plain is written as JSON.stringify writes it, and nothing else is written", () => {
  const writer = new PlainJsonWriter();
  fc.assert(
    fc.property(root, fc.constantFrom(1_000, 3), (source, maxDepth) => {
      const length = writer.write(source, maxDepth);
      if (!isPlainJson(source, maxDepth)) {
        expect(length).toBe(NOT_PLAIN);
        return;
      }
      const wanted = Buffer.from(JSON.stringify(source));
      expect(writer.bytes.subarray(0, Math.max(0, length)).equals(wanted)).toBe(true);
      expect(writer.isAscii).toBe(wanted.every((byte) => byte < 128));
    }),
    { numRuns: 5_000 },
  );
}, 120_000);

it("what is plain is written as msgpackr writes it, and nothing else is written", () => {
  const writer = new PlainMsgpackWriter();
  const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
  fc.assert(
    fc.property(root, fc.constantFrom(1_000, 3), (source, maxDepth) => {
      const length = writer.write(source, maxDepth);
      if (!isPlainMsgpack(source, maxDepth)) {
        expect(length).toBe(NOT_PLAIN);
        return;
      }
      expect(writer.bytes.subarray(0, Math.max(0, length)).equals(packr.pack(source))).toBe(true);
    }),
    { numRuns: 5_000 },
  );
}, 120_000);
