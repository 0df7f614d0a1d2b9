import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { xxh32 } from "./xxh32.ts";

function hashOf(bytes: Uint8Array, seed = 0): number {
  return xxh32(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, seed) >>> 0;
}

/** The bytes that the reference implementation's self-test hashes. */
function sanityBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let generator = 2654435761n;
  for (let index = 0; index < count; index += 1) {
    bytes[index] = Number(BigInt.asUintN(64, generator) >> 56n);
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
  }
  return bytes;
}

describe("xxh32", () => {
  it.each([
    [0, 0, 0x02cc5d05],
    [0, 2654435761, 0x36b78ae7],
    [1, 0, 0xcf65b03e],
    [1, 2654435761, 0xb4545aa4],
    [14, 0, 0x1208e7e2],
    [14, 2654435761, 0x6af1d1fe],
    [222, 0, 0x5bd11dbd],
    [222, 2654435761, 0x58803c5f],
  ])("gives what the reference implementation gives for %i bytes and seed %i", (count, seed, expected) => {
    expect(hashOf(sanityBytes(count), seed)).toBe(expected);
  });

  it("gives the known values of texts", () => {
    expect(hashOf(Buffer.from("abc"))).toBe(0x32d153ff);
    expect(hashOf(Buffer.from("Nobody inspects the spammish repetition"))).toBe(0xe2293b2f);
  });

  it("hashes the range only, wherever it lies", () => {
    const bytes = Buffer.from("xxxNobody inspects the spammish repetitionyyyy");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    expect(xxh32(view, 3, bytes.length - 4, 0) >>> 0).toBe(0xe2293b2f);
  });
});
