import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { digestOf } from "./counted-operation.ts";
import {
  bareItemEndsAt,
  bareItemExpiresAt,
  bareItemPayload,
  decodeItem,
  encodeItem,
  ITEM_FLAGS,
  type Item,
  isBareItem,
  itemEndsAt,
} from "./item-layout.ts";

const EMPTY = new Uint8Array(0);
const MARK = { high: 0x01020304, low: 0xfffefdfc };

function item(changes: Partial<Item> = {}): Item {
  return {
    flags: 0,
    expiresAt: Number.POSITIVE_INFINITY,
    mark: MARK,
    tags: [],
    operations: [],
    payload: Buffer.from("payload"),
    ...changes,
  };
}

const OPERATIONS = [
  { digest: digestOf("one"), result: -(2n ** 63n), version: 2 ** 53 - 1, countedAt: 1_700_000_000_000 },
  { digest: digestOf("two"), result: 2n ** 63n - 1n, version: 0, countedAt: 1_700_000_000_001.5 },
];

const SAMPLES: readonly (readonly [string, Item])[] = [
  ["a bare value", item()],
  ["no bytes at all", item({ payload: EMPTY })],
  ["an instant", item({ expiresAt: 1_796_000_000_000.25 })],
  [
    "tags of every script, and half a surrogate pair",
    item({ tags: ["a", "ação\r\n", "🦔", "\ud800", "x".repeat(1_024)].map((tag) => ({ tag, mark: MARK })) }),
  ],
  ["operations", item({ operations: OPERATIONS })],
  ["a time to stand in", item({ expiresAt: 1_796_000_000_000, staleMs: 60_000.5 })],
  [
    "a time to stand in, before tags and operations",
    item({ staleMs: 60_000, operations: OPERATIONS, tags: [{ tag: "t", mark: MARK }] }),
  ],
  ["a stale value", item({ flags: ITEM_FLAGS.isStale, staleVersion: 12, staleMs: 1 })],
  [
    "a stale value that somebody loads the successor of",
    item({
      flags: ITEM_FLAGS.isStale | ITEM_FLAGS.isLeased,
      staleVersion: 2 ** 53 - 1,
      leasedUntil: 1_796_000_000_000,
      operations: OPERATIONS,
      tags: [{ tag: "t", mark: MARK }],
    }),
  ],
];

describe("an item", () => {
  it.each(SAMPLES)("reads back as it was written: %s", (_, sample) => {
    const { flags, ...read } = decodeItem(encodeItem(sample)) as Item;
    const { flags: written, ...expected } = sample;
    expect(read).toEqual({ ...expected, payload: Buffer.from(expected.payload) });
    expect(flags & ~(ITEM_FLAGS.hasOperations | ITEM_FLAGS.hasStaleMs)).toBe(written);
  });

  it("stands in the bytes that its layout draws", () => {
    const bytes = encodeItem(
      item({ expiresAt: 1, tags: [{ tag: "ab", mark: { high: 1, low: 2 } }], payload: Buffer.from("P") }),
    );
    expect(bytes.toString("hex")).toBe(
      ["fb010001", "3ff0000000000000", "01020304fffefdfc", "0002", "6162", "0000000100000002", "50"].join(""),
    );
  });

  it("reads in place, when it is bare, what it reads when it is decoded", () => {
    for (const [, sample] of SAMPLES) {
      const bytes = encodeItem(sample);
      const decoded = decodeItem(bytes) as Item;
      expect(isBareItem(bytes)).toBe(sample.flags === 0 && sample.tags.length === 0 && sample.operations.length === 0);
      if (!isBareItem(bytes)) continue;
      expect(bareItemExpiresAt(bytes)).toBe(decoded.expiresAt);
      expect(bareItemEndsAt(bytes)).toBe(itemEndsAt(decoded));
      expect(bareItemPayload(bytes)).toEqual(decoded.payload);
    }
    // Its time to stand in is cut off.
    expect(isBareItem(encodeItem(item({ staleMs: 1, payload: EMPTY })).subarray(0, 27))).toBe(false);
  });

  it("does not share its payload's memory with whoever gave it", () => {
    const payload = Buffer.from("before");
    const bytes = encodeItem(item({ payload }));
    payload.fill("x");
    expect(Buffer.from((decodeItem(bytes) as Item).payload).toString()).toBe("before");
  });

  it("is none when it ends early, wherever", () => {
    for (const [, sample] of SAMPLES) {
      const bytes = encodeItem({ ...sample, payload: EMPTY });
      for (let length = 0; length < bytes.length; length += 1)
        expect(decodeItem(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it("is none when somebody else wrote it, or a later version of this library", () => {
    for (const text of ["", "text", "12", '{"json":true}', "x".repeat(100)])
      expect(decodeItem(Buffer.from(text))).toBeUndefined();
    for (const [offset, value] of [
      [0, 0xfa],
      [1, 2],
      [2, 16],
    ] as const) {
      const bytes = encodeItem(item());
      bytes[offset] = value;
      expect(decodeItem(bytes)).toBeUndefined();
    }
  });

  it("never throws, whatever bytes it is read from", () => {
    const random = createSeededRandom(7);
    for (let round = 0; round < 5_000; round += 1) {
      const [, sample] = SAMPLES[round % SAMPLES.length] as readonly [string, Item];
      const bytes = encodeItem(sample);
      for (let change = 0; change < 3; change += 1) {
        bytes[Math.floor(random.next() * Math.min(bytes.length, 64))] = Math.floor(random.next() * 256);
      }
      expect(() => decodeItem(bytes)).not.toThrow();
    }
  });
});
