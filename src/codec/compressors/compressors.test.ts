import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { faultOf } from "../../../test/support/compression/fault-of.ts";
import { jsonRecords, smallValues } from "../../../test/support/compression/sample-values.ts";
import { trainDictionary } from "../dictionary/train-dictionary.ts";
import type { Compressor } from "./compressor.ts";
import { COMPRESSOR_NAMES, createCompressor, createDictionaryCompressor } from "./create-compressor.ts";

const DICTIONARY = trainDictionary(smallValues("json", 400), { sizeBytes: 4096 });
const CASES: readonly (readonly [string, Compressor])[] = [
  ...COMPRESSOR_NAMES.map((name) => [name, createCompressor(name)] as const),
  ["gzip with a dictionary", createDictionaryCompressor("gzip", DICTIONARY) as Compressor],
  ["zstd with a dictionary", createDictionaryCompressor("zstd", DICTIONARY) as Compressor],
];

/** A generator of bytes that no algorithm can shrink. */
const noise = (sizeBytes: number): Uint8Array => randomBytes(sizeBytes);

const VALUES: readonly (readonly [string, Uint8Array])[] = [
  ["no bytes", new Uint8Array()],
  ["one byte", Uint8Array.of(7)],
  ["two bytes", Uint8Array.of(0, 255)],
  ["100 bytes of JSON", jsonRecords(100)],
  ["255 bytes", jsonRecords(255)],
  ["256 bytes", jsonRecords(256)],
  ["64 KiB of JSON", jsonRecords(2 ** 16)],
  ["65,791 bytes", jsonRecords(65_791)],
  ["65,792 bytes", jsonRecords(65_792)],
  ["1 MiB of JSON", jsonRecords(2 ** 20)],
  ["100 bytes of noise", noise(100)],
  ["64 KiB of noise", noise(2 ** 16)],
  ["1 MiB of noise", noise(2 ** 20)],
  ["1 MiB of zeros", new Uint8Array(2 ** 20)],
  ["3 MiB that repeat from far away", farRepeats()],
];

/** Needs a window larger than some libraries' default. */
function farRepeats(): Uint8Array {
  const part = noise(3 * 2 ** 19);
  return Buffer.concat([part, part]);
}

describe.each(CASES)("%s", (_, compressor) => {
  beforeAll(() => compressor.load());

  it.each(VALUES)("reads back %s, by both calls", async (_name, value) => {
    const before = Buffer.from(value);
    const compressed = compressor.compressSync(value);
    const inThread = await compressor.compress(value);
    expect(Buffer.compare(compressor.decompressSync(inThread, value.length), value)).toBe(0);
    const read = await compressor.decompress(compressed, value.length);
    expect(Buffer.compare(read, value)).toBe(0);
    expect(Buffer.compare(before, value)).toBe(0);
  });

  it("takes a part of a larger buffer", () => {
    const whole = Buffer.concat([noise(33), jsonRecords(500), noise(33)]);
    const value = new Uint8Array(whole.buffer, whole.byteOffset + 33, 500);
    const compressed = compressor.compressSync(value);
    const around = new Uint8Array(compressed.length + 20);
    around.set(compressed, 7);
    const read = compressor.decompressSync(around.subarray(7, 7 + compressed.length), 500);
    expect(Buffer.compare(read, value)).toBe(0);
  });

  it("gives results that share nothing with what they were made from", async () => {
    const value = new Uint8Array(jsonRecords(500));
    const compressed = compressor.compressSync(value);
    const copy = new Uint8Array(compressed);
    value.fill(0);
    expect(Buffer.compare(compressed, copy)).toBe(0);
    const read = compressor.decompressSync(compressed, 500);
    const readInThread = await compressor.decompress(compressed, 500);
    compressed.fill(0);
    expect(Buffer.compare(read, jsonRecords(500))).toBe(0);
    expect(Buffer.compare(readInThread, jsonRecords(500))).toBe(0);
  });

  it.each([0, 1, 2, 100, 3_000])("refuses %i bytes with anything behind them", async (sizeBytes) => {
    const value = jsonRecords(sizeBytes);
    const compressed = compressor.compressSync(value);
    // A gzip file may have several members; those of no content change nothing.
    const empty = compressor.id === 1 && sizeBytes === 0 ? [] : [[...compressor.compressSync(new Uint8Array())]];
    const again = compressor.id === 1 && sizeBytes === 0 ? [] : [[...compressed]];
    for (const tail of [[0], [1], [0, 0, 0, 0], ...again, ...empty]) {
      const longer = Buffer.concat([compressed, Uint8Array.from(tail)]);
      await expectMalformed(compressor, longer, sizeBytes);
    }
  });

  it.each([1, 100, 1_000])("refuses %i bytes cut off at any length", async (sizeBytes) => {
    const compressed = compressor.compressSync(jsonRecords(sizeBytes));
    for (let length = 0; length < compressed.length; length += 1)
      await expectMalformed(compressor, compressed.subarray(0, length), sizeBytes);
  });

  it("refuses lengths that are not true", async () => {
    for (const sizeBytes of [0, 1, 100, 5_000, 300_000]) {
      const compressed = compressor.compressSync(jsonRecords(sizeBytes));
      for (const lie of [0, 1, sizeBytes - 1, sizeBytes + 1, sizeBytes * 2 + 1, 10_000_000])
        if (lie >= 0 && lie !== sizeBytes) await expectMalformed(compressor, compressed, lie);
    }
  });

  it("refuses what another algorithm made, and noise", async () => {
    const value = jsonRecords(300);
    for (const [name, other] of CASES) {
      await other.load();
      if (other.id === compressor.id) continue;
      const fault = await faultOf(() => compressor.decompressSync(other.compressSync(value), 300));
      expect(fault.reason, name).toBe("malformed");
    }
    for (let round = 0; round < 300; round += 1) await expectMalformed(compressor, noise(round), 300 + round);
  });

  it("gives the declared number of bytes or a fault, whatever bit is flipped", async () => {
    const value = jsonRecords(200);
    const compressed = compressor.compressSync(value);
    for (let bit = 0; bit < compressed.length * 8; bit += 1) {
      const damaged = Buffer.from(compressed);
      damaged[bit >>> 3] = (damaged[bit >>> 3] as number) ^ (1 << (bit & 7));
      let read: Uint8Array | undefined;
      const fault = await faultOf(() => {
        read = compressor.decompressSync(damaged, 200);
      }, true);
      if (read === undefined) expect(["malformed", "unknown-dictionary"]).toContain(fault?.reason);
      else expect(read.length).toBe(200);
    }
  });

  it("works on many values at once", async () => {
    const values = Array.from({ length: 40 }, (_unused, index) => jsonRecords(1 + index * 977, index + 1));
    const compressed = await Promise.all(values.map((value) => compressor.compress(value)));
    const read = await Promise.all(
      compressed.map((bytes, index) => compressor.decompress(bytes, (values[index] as Uint8Array).length)),
    );
    for (const [index, value] of values.entries()) expect(Buffer.compare(read[index] as Uint8Array, value)).toBe(0);
  });
});

async function expectMalformed(compressor: Compressor, bytes: Uint8Array, rawBytes: number): Promise<void> {
  const fault = await faultOf(() => compressor.decompressSync(bytes, rawBytes));
  expect(fault.reason, `${bytes.length} bytes`).toBe("malformed");
}
