import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import { entryOf, hasTags, isCurrentData, isRecord, serverExpiryOf, tagMarksOf, versionOf } from "./record.ts";

interface RecordParts {
  readonly kind?: number;
  readonly version?: number;
  readonly expiresAt?: number;
  readonly token?: boolean;
  readonly tags?: readonly (readonly [string, number])[];
  readonly payload?: string;
}

const MARK = { high: 1, low: -2 };

/** Draws a record as the scripts do. */
function draw({ kind = 0, version = 7, expiresAt = 0, token = false, tags = [], payload = "v" }: RecordParts): Buffer {
  const head = Buffer.alloc(28);
  head.set([0xc7, 0x58, 1, kind | (token ? 0x10 : 0) | (tags.length > 0 ? 0x20 : 0)]);
  head.writeBigUInt64BE(BigInt(version), 4);
  head.writeInt32BE(MARK.high, 12);
  head.writeInt32BE(MARK.low, 16);
  head.writeBigUInt64BE(BigInt(expiresAt), 20);
  const blocks = tags.map(([tag, mark]) => {
    const block = Buffer.alloc(10);
    block.writeBigUInt64BE(BigInt(mark));
    block.writeUInt16BE(Buffer.byteLength(tag), 8);
    return Buffer.concat([block, Buffer.from(tag)]);
  });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.concat(blocks).length);
  const tagBlock = tags.length > 0 ? [length, ...blocks] : [];
  return Buffer.concat([head, Buffer.alloc(token ? 16 : 0, 9), ...tagBlock, Buffer.from(payload)]);
}

function read(record: Buffer): unknown {
  if (!isRecord(record) || !isCurrentData(record, MARK)) return undefined;
  const tags = hasTags(record) ? tagMarksOf(record) : [];
  return tags && entryOf(record, 100, tags);
}

describe("a record", () => {
  it("gives its entry, whatever it carries besides", () => {
    for (const token of [false, true]) {
      for (const tags of [
        [],
        [
          ["a", 5],
          ["é".repeat(100), 2 ** 50],
        ],
      ] as const) {
        const record = draw({ token, tags, version: 2 ** 52, expiresAt: 1_000, payload: "payload" });
        // Version and end are read when somebody asks.
        const { value, version, expiresAt, tags: found } = read(record) as StoredEntry;
        expect({ value, version, expiresAt, tags: found }).toEqual({
          value: Buffer.from("payload"),
          version: 2 ** 52,
          expiresAt: 900,
          tags: tags.map(([tag]) => tag),
        });
      }
    }
    expect(serverExpiryOf(draw({}))).toBe(Number.POSITIVE_INFINITY);
    expect(versionOf(draw({ version: 1 }))).toBe(1);
  });

  it("is no data as a tombstone, as a lease, or of another generation", () => {
    expect(read(draw({ kind: 1 }))).toBeUndefined();
    expect(read(draw({ kind: 2, token: true }))).toBeUndefined();
    expect(isCurrentData(draw({}), { high: 1, low: 2 })).toBe(false);
  });

  it("is nothing when it ends before its payload begins, and never an empty value", () => {
    for (const parts of [
      { token: true },
      { tags: [["tag", 5]] as const },
      { token: true, tags: [["tag", 5]] as const },
    ]) {
      const whole = draw({ ...parts, payload: "" });
      for (let length = 0; length < whole.length; length += 1) {
        expect(read(whole.subarray(0, length)), `${length} of ${whole.length} bytes`).toBeUndefined();
      }
      expect(read(whole)).toMatchObject({ value: Buffer.alloc(0) });
    }
  });

  it("never breaks a reader when its bytes are damaged", () => {
    const whole = draw({ token: true, tags: [["tag", 5]], payload: "payload" });
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (length, at, value) => {
        const damaged = Buffer.from(whole);
        damaged[at] = value;
        read(damaged.subarray(0, length));
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void read(Buffer.from(bytes))));
  });
});
