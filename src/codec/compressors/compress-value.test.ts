import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { faultOf } from "../../../test/support/compression/fault-of.ts";
import { jsonRecords } from "../../../test/support/compression/sample-values.ts";
import { DependencyError } from "../../foundation/errors.ts";
import { CodecFault } from "../codec-fault.ts";
import { compressValue, decompressValue } from "./compress-value.ts";
import type { Compressor } from "./compressor.ts";
import { createGzipCompressor } from "./gzip-compressor.ts";
import { createLz4Compressor } from "./lz4-compressor.ts";

/** Notes which call was made; halves bytes without looking at them. */
function halving(calls: string[], overrides: Partial<Compressor> = {}): Compressor {
  const half = (bytes: Uint8Array): Uint8Array => bytes.slice(0, Math.floor(bytes.length / 2));
  const note = <Result>(name: string, result: Result): Result => {
    calls.push(name);
    return result;
  };
  return {
    name: "halving",
    id: 200,
    asyncFromBytes: { compress: 1_000, decompress: 2_000 },
    isLoaded: true,
    load: () => Promise.resolve(),
    compressSync: (bytes) => note("compressSync", half(bytes)),
    compress: (bytes) => note("compress", Promise.resolve(half(bytes))),
    decompressSync: (_, rawBytes) => note("decompressSync", new Uint8Array(rawBytes)),
    decompress: (_, rawBytes) => note("decompress", Promise.resolve(new Uint8Array(rawBytes))),
    ...overrides,
  };
}

describe("compressValue", () => {
  it("stores a value raw below the threshold", () => {
    const calls: string[] = [];
    expect(compressValue(halving(calls), new Uint8Array(99), { thresholdBytes: 100 })).toBeUndefined();
    expect(calls).toEqual([]);
    expect(compressValue(halving(calls), new Uint8Array(100), { thresholdBytes: 100 })).toHaveLength(50);
  });

  it("stores a value raw that does not shrink by a sixteenth", async () => {
    const options = { thresholdBytes: 0 };
    const to = (length: number): Compressor => halving([], { compressSync: () => new Uint8Array(length) });
    expect(compressValue(to(150), new Uint8Array(160), options)).toHaveLength(150);
    expect(compressValue(to(151), new Uint8Array(160), options)).toBeUndefined();
    expect(compressValue(createGzipCompressor(), randomBytes(10_000), options)).toBeUndefined();
    expect(await compressValue(createGzipCompressor(), randomBytes(1_000_000), options)).toBeUndefined();
  });

  it("stores a value raw that the algorithm cannot hold", () => {
    expect(compressValue(halving([], { maxRawBytes: 99 }), new Uint8Array(100), { thresholdBytes: 0 })).toBeUndefined();
  });

  it("leaves large values to a thread", async () => {
    const calls: string[] = [];
    const options = { thresholdBytes: 0 };
    expect(compressValue(halving(calls), new Uint8Array(999), options)).toBeInstanceOf(Uint8Array);
    const later = compressValue(halving(calls), new Uint8Array(1_000), options);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toHaveLength(500);
    expect(calls).toEqual(["compressSync", "compress"]);
  });

  it("loads the compressor first", async () => {
    const lz4 = createLz4Compressor();
    const value = jsonRecords(1_000);
    const later = compressValue(lz4, value, { thresholdBytes: 0 });
    expect(later).toBeInstanceOf(Promise);
    const compressed = (await later) as Uint8Array;
    expect(lz4.isLoaded).toBe(true);
    const fresh = createLz4Compressor();
    expect(Buffer.compare(await decompressValue(fresh, compressed, 1_000), value)).toBe(0);
    expect(decompressValue(fresh, compressed, 1_000)).toBeInstanceOf(Uint8Array);
  });

  it("rejects with the missing package while writing", async () => {
    const lz4 = createLz4Compressor({}, () => Promise.reject(new Error("not there")));
    const later = compressValue(lz4, jsonRecords(1_000), { thresholdBytes: 0 });
    await expect(later).rejects.toBeInstanceOf(DependencyError);
    await expect(later).rejects.toThrow('npm install "lz4-napi@^2.10.0"');
  });
});

describe("decompressValue", () => {
  it("leaves large values to a thread", async () => {
    const calls: string[] = [];
    expect(decompressValue(halving(calls), new Uint8Array(1), 1_999)).toBeInstanceOf(Uint8Array);
    expect(await decompressValue(halving(calls), new Uint8Array(1), 2_000)).toHaveLength(2_000);
    expect(calls).toEqual(["decompressSync", "decompress"]);
  });

  it("leaves long bytes to a thread, however little they claim to hold", async () => {
    const calls: string[] = [];
    await decompressValue(halving(calls), new Uint8Array(2_000), 1);
    expect(calls).toEqual(["decompress"]);
  });

  it("says while reading that the algorithm is not known here, with the missing package as the cause", async () => {
    const lz4 = createLz4Compressor({}, () => Promise.reject(new Error("not there")));
    const fault = await faultOf(() => decompressValue(lz4, new Uint8Array(10), 5));
    expect(fault).toMatchObject({ reason: "unknown-compressor", cause: expect.any(DependencyError) });
  });

  it("rejects with the fault of a thread", async () => {
    const later = decompressValue(createGzipCompressor(), new Uint8Array(1_000_000), 1_000_000);
    await expect(later).rejects.toBeInstanceOf(CodecFault);
  });
});
