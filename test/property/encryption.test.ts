import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../../src/codec/codec-fault.ts";
import { AssociatedData } from "../../src/codec/encryption/associated-data.ts";
import { encryptionKeyId } from "../../src/codec/encryption/encryption-key.ts";
import { createKeyRing } from "../../src/codec/encryption/key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "../../src/codec/encryption/sealed-layout.ts";
import { fuzzEncryption } from "../fuzz/fuzz-encryption.ts";

const clock = { wallMs: Date.now, monotonicMs: () => performance.now() };
/** Any code units, lone surrogates among them. */
const storedKey = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((u) => String.fromCharCode(...u));
const header = fc.uint8Array({ maxLength: 40 });
const content = fc.uint8Array({ maxLength: 2_000 });
/** Random enough for a ring to take them, and no two with one id. */
const keys = fc.uniqueArray(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => new Set(key).size > 4),
  { minLength: 1, maxLength: 4, selector: (key) => encryptionKeyId(key).toString("hex") },
);

describe("sealed values", () => {
  it("open with every ring that has their key, and with no other", () => {
    fc.assert(
      fc.property(keys, keys, header, content, storedKey, (own, others, head, bytes, name) => {
        const target = Buffer.alloc(head.length + SEAL_OVERHEAD_BYTES + bytes.length);
        target.set(head);
        createKeyRing(own, clock).seal(target, head.length, bytes, name);
        const ring = createKeyRing(others, clock);
        const isKnown = others.some((key) => Buffer.compare(key, own[0] as Uint8Array) === 0);
        for (const [reader, opens] of [
          [createKeyRing(own.toReversed(), clock), true],
          [ring, isKnown],
        ] as const) {
          if (opens) expect(Buffer.compare(reader.open(target, head.length, name), bytes)).toBe(0);
          else expect(() => reader.open(target, head.length, name)).toThrow(CodecFault);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("open under no other stored key and behind no other header", () => {
    const ring = createKeyRing([Buffer.from("12345678901234567890123456789012")], clock);
    fc.assert(
      fc.property(header, storedKey, header, storedKey, (head, name, otherHead, otherName) => {
        fc.pre(name !== otherName || Buffer.compare(head, otherHead) !== 0);
        const target = Buffer.alloc(head.length + SEAL_OVERHEAD_BYTES + 5);
        target.set(head);
        ring.seal(target, head.length, Buffer.from("bytes"), name);
        const moved = Buffer.concat([otherHead, target.subarray(head.length)]);
        expect(() => ring.open(moved, otherHead.length, otherName)).toThrow(CodecFault);
      }),
      { numRuns: 500 },
    );
  });
});

it("no two pairs of header and stored key have the same associated data", () => {
  const short = fc.array(fc.constantFrom(0, 1, 0x61, 0x6100, 0xd800, 0xdc00), { maxLength: 4 });
  const pair = fc.tuple(fc.uint8Array({ maxLength: 6, max: 1 }), short);
  fc.assert(
    fc.property(pair, pair, ([headA, unitsA], [headB, unitsB]) => {
      const encode = (head: Uint8Array, units: readonly number[]): Buffer =>
        new AssociatedData().encode(head, head.length, String.fromCharCode(...units));
      const isSame = Buffer.compare(headA, headB) === 0 && unitsA.join() === unitsB.join();
      expect(encode(headA, unitsA).equals(encode(headB, unitsB))).toBe(isSame);
    }),
    { numRuns: 5_000 },
  );
});

it("nothing but what was sealed opens, however it is changed", () => {
  const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
  const report = fuzzEncryption({ seed, roundCount: 20_000 });
  expect(report.openedCount, `seed ${seed}`).toBeGreaterThan(1_000);
  expect([...report.refusedCounts.keys()].sort(), `seed ${seed}`).toEqual(["not-authentic", "unknown-key"]);
}, 60_000);
