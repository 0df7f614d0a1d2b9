import { Buffer } from "node:buffer";
import { afterEach, describe, expect, it, vi } from "vitest";
import { codecSettings, openCodec } from "../../test/support/codec/codec-settings.ts";
import { systemClock } from "../foundation/clock.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import type { Codec } from "./codec.ts";
import type { CodecSettings } from "./codec-settings.ts";

/** What a codec does on a machine without some packages: the modules are loaded anew, and their loaders fail. */
async function createWithout(packages: readonly string[], settings: Partial<CodecSettings>): Promise<Codec> {
  vi.resetModules();
  for (const name of packages) {
    vi.doMock(name, () => {
      throw new Error(`Cannot find package '${name}'`);
    });
  }
  const { createCodec } = await import("./create-codec.ts");
  return createCodec(codecSettings(settings), { clock: systemClock, scheduler: systemScheduler });
}

const lz4 = { algorithm: "lz4", level: undefined, thresholdBytes: 0 } as const;
const value = { a: "again ".repeat(50) };

afterEach(() => {
  vi.doUnmock("msgpackr");
  vi.doUnmock("lz4-napi");
  vi.resetModules();
});

describe("a package that is not installed", () => {
  const missing = { code: "GCX_DEPENDENCY_MISSING", message: expect.stringContaining("npm install") as string };

  it("msgpackr: nothing is needed to create the codec, and load, encode say what to install", async () => {
    for (const hasEnvelope of [true, false]) {
      const codec = await createWithout(["msgpackr"], { serializer: "msgpack", hasEnvelope });
      await expect(codec.load()).rejects.toMatchObject(missing);
      await expect(async () => codec.encode(value, "k")).rejects.toMatchObject(missing);
      await expect(async () => codec.encode(value, "k")).rejects.toThrow('npm install "msgpackr@');
    }
  });

  it("msgpackr: what needs none of it is written all the same", async () => {
    const codec = await createWithout(["msgpackr"], { serializer: "msgpack" });
    for (const simple of ["text", 5, Buffer.from([1])]) {
      const bytes = await codec.encode(simple, "k");
      expect((await codec.decode(bytes, "k")).value).toEqual(simple);
    }
  });

  it("msgpackr: values that were written with it are unreadable, with and without an envelope", async () => {
    const withEnvelope = await (await openCodec({ serializer: "msgpack" })).encode(value, "k");
    const bare = await (await openCodec({ serializer: "msgpack", hasEnvelope: false })).encode(value, "k");
    const reader = await createWithout(["msgpackr"], {});
    const bareReader = await createWithout(["msgpackr"], { serializer: "msgpack", hasEnvelope: false });
    for (const [codec, bytes] of [
      [reader, withEnvelope],
      [bareReader, bare],
    ] as const) {
      const fault = await Promise.resolve(codec.decode(bytes, "k")).catch((thrown: unknown) => thrown);
      expect(fault).toMatchObject({ reason: "unknown-serializer", cause: missing });
    }
  });

  it("lz4-napi: load and encode say what to install; a value that is too short for it is written", async () => {
    const codec = await createWithout(["lz4-napi"], { compression: { ...lz4, thresholdBytes: 100 } });
    await expect(codec.load()).rejects.toMatchObject(missing);
    await expect(async () => codec.encode(value, "k")).rejects.toMatchObject(missing);
    const bytes = await codec.encode({ a: 1 }, "k");
    expect((await codec.decode(bytes, "k")).value).toEqual({ a: 1 });
  });

  it("lz4-napi: values that were compressed with it are unreadable", async () => {
    const bytes = await (await openCodec({ compression: lz4 })).encode(value, "k");
    const codec = await createWithout(["lz4-napi"], {});
    const fault = await Promise.resolve(codec.decode(bytes, "k")).catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({ reason: "unknown-compressor", cause: missing });
  });

  it("that is installed later is found by the next try", async () => {
    const codec = await createWithout(["msgpackr"], { serializer: "msgpack" });
    await expect(codec.load()).rejects.toMatchObject(missing);
    vi.doUnmock("msgpackr");
    await codec.load();
    expect((await codec.decode(await codec.encode(value, "k"), "k")).value).toEqual(value);
  });
});

describe("a codec that nobody has loaded", () => {
  it("answers with promises until its libraries are there, and at once afterwards", async () => {
    const codec = await createWithout([], { serializer: "msgpack", compression: { ...lz4, thresholdBytes: 100 } });
    const writing = codec.encode({ a: 1 }, "k");
    expect(writing).toBeInstanceOf(Promise);
    const bytes = await writing;
    expect(codec.encode({ a: 1 }, "k")).not.toBeInstanceOf(Promise);
    expect(codec.decode(bytes, "k")).not.toBeInstanceOf(Promise);
    expect(codec.encode(value, "k")).toBeInstanceOf(Promise);
  });

  it("reads from bytes that the store uses again while a library loads", async () => {
    const bytes = Buffer.from(await (await openCodec({ serializer: "msgpack" })).encode(value, "k"));
    for (const settings of [{}, { serializer: "msgpack" }] as const) {
      const codec = await createWithout([], settings);
      const copy = Buffer.from(bytes);
      const reading = codec.decode(copy, "k");
      copy.fill(0);
      expect((await reading).value).toEqual(value);
    }
  });
});

describe("a codec", () => {
  it("counts in its store where integers are text: in the clear", async () => {
    expect((await openCodec()).hasCounters).toBe(true);
    expect((await openCodec({ hasEnvelope: false })).hasCounters).toBe(true);
    expect((await openCodec({ encryptionKeys: [Buffer.alloc(32, "a key for tests only")] })).hasCounters).toBe(false);
  });

  it("writes values below the threshold raw, and those that compression does not shorten", async () => {
    const compression = { algorithm: "gzip", level: undefined, thresholdBytes: 100 } as const;
    const codec = await openCodec({ compression });
    const isCompressed = async (text: string): Promise<boolean> =>
      ((await codec.encode(text, "k"))[3] as number) % 2 === 1;
    expect(await isCompressed("a".repeat(99))).toBe(false);
    expect(await isCompressed("a".repeat(100))).toBe(true);
    const noise = Array.from({ length: 300 }, (_, index) =>
      String.fromCharCode(33 + ((index * 7_919 + ((index * index) % 251)) % 94)),
    );
    expect((await codec.encode(noise.join(""), "k")).length).toBeLessThanOrEqual(308);
  });
});
