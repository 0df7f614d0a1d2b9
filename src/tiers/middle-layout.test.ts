import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import type { MiddleCopy } from "./middle-copy.ts";
import { decodeMiddleCopy, encodeMiddleCopy } from "./middle-layout.ts";

const COPY: MiddleCopy = {
  head: 2 ** 53 - 1,
  version: 1_767_225_600_000_001,
  tagHead: 17,
  serverEndAt: 1_767_225_600_000.5,
  epoch: "0123456789abcdef0123",
  tags: ["red", "", "\u{1F600}"],
  payload: Buffer.from([0, 1, 255]),
};

const encode = (key: string, copy: MiddleCopy): Uint8Array => encodeMiddleCopy(key, copy) as Uint8Array;

describe("a copy as bytes", () => {
  it.each<[string, Partial<MiddleCopy>]>([
    ["as it is", {}],
    ["without an end, tags and payload", { serverEndAt: Number.POSITIVE_INFINITY, tags: [], payload: Buffer.alloc(0) }],
    [
      "with much",
      { payload: Buffer.alloc(100_000, 7), tags: Array.from({ length: 500 }, (_, index) => `tag ${index}`) },
    ],
  ])("is read back: %s", (_, more) => {
    const copy = { ...COPY, ...more };
    const decoded = decodeMiddleCopy("key", encode("key", copy));
    expect({ ...decoded, payload: Buffer.from(decoded?.payload ?? []) }).toEqual({
      ...copy,
      payload: Buffer.from(copy.payload),
    });
  });

  it("has the layout that is drawn", () => {
    const bytes = Buffer.from(encode("key", COPY));
    expect([bytes[0], bytes[1], bytes[38], bytes.readUInt16BE(39)]).toEqual([0xc7, 1, 20, 3]);
    expect([6, 14, 22, 30].map((at) => bytes.readDoubleBE(at))).toEqual([
      COPY.head,
      COPY.version,
      COPY.tagHead,
      COPY.serverEndAt,
    ]);
    expect(bytes.toString("latin1", 41, 61)).toBe(COPY.epoch);
  });

  it("is none of another key", () => {
    expect(decodeMiddleCopy("other", encode("key", COPY))).toBeUndefined();
  });

  it("is none when any of its bytes is another, or some are missing", () => {
    const whole = encode("key", COPY);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = (damaged[at] as number) ^ 4;
      expect(decodeMiddleCopy("key", damaged)).toBeUndefined();
      expect(decodeMiddleCopy("key", whole.subarray(0, at))).toBeUndefined();
    }
  });

  it("is none of anything else", () => {
    const random = createSeededRandom(3);
    for (let round = 0; round < 500; round += 1) {
      const noise = Uint8Array.from({ length: Math.floor(random.next() * 90) }, () => Math.floor(random.next() * 256));
      expect(decodeMiddleCopy("key", noise)).toBeUndefined();
    }
    for (const other of [undefined, null, "text", {}, 5]) expect(decodeMiddleCopy("key", other)).toBeUndefined();
  });

  it.each<[string, Partial<MiddleCopy>]>([
    ["a tag with half a surrogate pair", { tags: ["\ud800"] }],
    ["a tag that is too long", { tags: ["x".repeat(65_536)] }],
    ["an epoch that is too long", { epoch: "x".repeat(256) }],
    ["too many tags", { tags: Array.from({ length: 65_536 }, () => "t") }],
  ])("has no place for %s", (_, more) => {
    expect(encodeMiddleCopy("key", { ...COPY, ...more })).toBeUndefined();
  });
});
