import fc from "fast-check";
import { expect, it } from "vitest";
import { ANY_CODE_POINT } from "../../../test/support/any-code-point.ts";
import { checkInvalidation } from "./invalidation.ts";
import { decodePayload, encodePayloads, MAX_KEYS_PER_ROW } from "./payload.ts";

it("reads back what it wrote, whatever the keys, tags and names are, in printable ASCII", () => {
  const text = fc.string({ unit: ANY_CODE_POINT, minLength: 1, maxLength: 20 });
  const invalidations = fc.record({
    keys: fc.array(text, { minLength: 1 }),
    tags: fc.array(text),
    prefix: fc.option(fc.string({ unit: ANY_CODE_POINT }), { nil: undefined }),
    clear: fc.boolean(),
    namespace: fc.array(text, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(invalidations, (invalidation) => {
      const checked = checkInvalidation(invalidation);
      const payloads = encodePayloads(checked);
      expect(payloads.map(decodePayload)).toEqual([checked]);
      expect(payloads[0]).toMatch(/^[ -~]*$/);
    }),
    { numRuns: 25 },
  );
});

it("says everything once when many keys become many rows", () => {
  const keys = Array.from({ length: 2 * MAX_KEYS_PER_ROW + 1 }, (_, index) => `k${index}`);
  const read = encodePayloads(checkInvalidation({ keys, tags: ["t"], prefix: "p", clear: true, namespace: "n" })).map(
    decodePayload,
  );
  expect(read.flatMap((each) => each.keys)).toEqual(keys);
  expect(read.map(({ tags, prefix, isClear, namespace }) => ({ tags, prefix, isClear, namespace }))).toEqual([
    { tags: ["t"], prefix: "p", isClear: true, namespace: ["n"] },
    { tags: [], prefix: undefined, isClear: false, namespace: ["n"] },
    { tags: [], prefix: undefined, isClear: false, namespace: ["n"] },
  ]);
});

it("never quotes a payload in its error", () => {
  expect(() => decodePayload('secret {"keys":["user:1"]}')).toThrow(
    expect.objectContaining({ message: "A row of the outbox cannot be read: its payload is no JSON" }),
  );
});
