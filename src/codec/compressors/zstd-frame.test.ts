import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../codec-fault.ts";
import { createZstdCompressor } from "./zstd-compressor.ts";
import { assertFrame, blocksOf, boundedFrame, frameHeader, frameOfBlocks } from "./zstd-frame.ts";

/** The header of a block. */
function block(kind: 0 | 1 | 2 | 3, sizeBytes: number, isLast: boolean): number[] {
  const header = (isLast ? 1 : 0) | (kind << 1) | (sizeBytes << 3);
  return [header & 255, (header >>> 8) & 255, header >>> 16];
}

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** "abc" in one raw block. */
const ABC = [...block(0, 3, true), 97, 98, 99];

function faultOf(bytes: readonly number[], rawBytes: number): CodecFault | undefined {
  try {
    assertFrame(Uint8Array.from(bytes), rawBytes);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(CodecFault);
    return error as CodecFault;
  }
}

describe("a frame", () => {
  it.each([
    ["of one segment", [...MAGIC, 0x20, 3, ...ABC]],
    ["with a window and no length", [...MAGIC, 0x00, 0x58, ...ABC]],
    ["with a window and a length of four bytes", [...MAGIC, 0x80, 0x58, 3, 0, 0, 0, ...ABC]],
    ["with a length of eight bytes", [...MAGIC, 0xe0, 3, 0, 0, 0, 0, 0, 0, 0, ...ABC]],
    ["with a checksum", [...MAGIC, 0x24, 3, ...ABC, 1, 2, 3, 4]],
    ["that names the dictionary 0", [...MAGIC, 0x21, 0, 3, ...ABC]],
    ["of several blocks", [...MAGIC, 0x20, 3, ...block(0, 1, false), 97, ...block(1, 2, true), 98]],
  ])("is taken %s", (_, bytes) => {
    expect(faultOf(bytes, 3)).toBeUndefined();
  });

  it.each([
    ["another magic", [0x29, ...MAGIC.slice(1), 0x20, 3, ...ABC], "malformed"],
    ["a skippable frame", [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], "malformed"],
    ["the reserved bit", [...MAGIC, 0x28, 3, ...ABC], "malformed"],
    ["a dictionary", [...MAGIC, 0x21, 9, 3, ...ABC], "unknown-dictionary"],
    ["another length", [...MAGIC, 0x20, 4, ...ABC], "malformed"],
    ["a second frame", [...MAGIC, 0x20, 3, ...ABC, ...MAGIC, 0x20, 0, 1, 0, 0], "malformed"],
    ["no checksum although it has one", [...MAGIC, 0x24, 3, ...ABC], "malformed"],
    ["no last block", [...MAGIC, 0x20, 3, ...block(0, 3, false), 97, 98, 99], "malformed"],
    ["a block of the reserved kind", [...MAGIC, 0x20, 3, ...block(3, 3, true), 97, 98, 99], "malformed"],
    ["a block larger than there are", [...MAGIC, 0x00, 0x58, ...block(1, 131_073, true), 97], "malformed"],
    [
      "runs of more than the value",
      [...MAGIC, 0x20, 3, ...block(1, 3, false), 97, ...block(1, 1, true), 97],
      "malformed",
    ],
  ])("is refused with %s", (_, bytes, reason) => {
    expect(faultOf(bytes, 3)?.reason).toBe(reason);
  });

  it("gets a header that bounds its content, and keeps its blocks and its checksum", () => {
    const bounded = (bytes: readonly number[]): number[] => [...boundedFrame(Uint8Array.from(bytes), 3)];
    expect(bounded([...MAGIC, 0x00, 0x58, ...ABC])).toEqual([...MAGIC, 0x20, 3, ...ABC]);
    expect(bounded([...MAGIC, 0x04, 0x58, ...ABC, 9, 9, 9, 9])).toEqual([...MAGIC, 0x24, 3, ...ABC, 9, 9, 9, 9]);
    // A length alone does not bound: a window shorter than the content lets a decoder begin anew in its memory.
    expect(bounded([...MAGIC, 0x80, 0x58, 3, 0, 0, 0, ...ABC])).toEqual([...MAGIC, 0x20, 3, ...ABC]);
    const already = Uint8Array.from([...MAGIC, 0x20, 3, ...ABC]);
    expect(boundedFrame(already, 3)).toBe(already);
  });

  it("may name the dictionary that it is read with", () => {
    const frame = Uint8Array.from([...MAGIC, 0x22, 0x39, 0x30, 3, ...ABC]);
    expect(() => assertFrame(frame, 3, 12_345)).not.toThrow();
    expect(faultOf([...frame], 3)?.reason).toBe("unknown-dictionary");
  });

  it("stays as it is when it is large and its blocks cannot give much more than declared", () => {
    const compressed = [...block(2, 100_000, false), ...new Uint8Array(100_000)];
    const frame = (count: number): Uint8Array =>
      Uint8Array.from([...MAGIC, 0x00, 0x58, ...Array.from({ length: count }, () => compressed).flat(), ...ABC]);
    const [few, many] = [frame(11), frame(36)];
    expect(boundedFrame(few, 11 * 131_072 + 3)).toBe(few);
    expect(boundedFrame(few, 11 * 100_000)).toBe(few);
    expect(boundedFrame(many, 100_000)).not.toBe(many);
    expect(boundedFrame(many, 100_000)[4]).toBe(0xa0);
  });

  it("has the shortest header that holds its length", () => {
    const lengths = [0, 255, 256, 65_791, 65_792, 2 ** 32 - 1, 2 ** 32].map((rawBytes) => frameHeader(rawBytes).length);
    expect(lengths).toEqual([6, 6, 7, 7, 9, 9, 13]);
    fc.assert(
      fc.property(fc.nat(2 ** 27), (rawBytes) => {
        const blocks = Uint8Array.from([...block(2, 5, true), 1, 2, 3, 4, 5]);
        const frame = frameOfBlocks(blocks, rawBytes);
        assertFrame(frame, rawBytes);
        expect([...blocksOf(frame)]).toEqual([...blocks]);
      }),
    );
  });

  it("that declares its length is what the compressor writes, on every platform", async () => {
    const compressor = createZstdCompressor();
    await compressor.load();
    const value = Buffer.from("abc".repeat(100));
    for (const frame of [compressor.compressSync(value), await compressor.compress(value)])
      expect(boundedFrame(frame, 300)).toBe(frame);
  });
});
