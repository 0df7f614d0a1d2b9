import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../test/support/codec/codec-settings.ts";
import { PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";
import { plainBytesKind } from "./plain-bytes.ts";

class Bytes extends Uint8Array {}

describe("bytes", () => {
  it("are written as they are when they are a Buffer or a Uint8Array, and nothing else is", () => {
    expect(plainBytesKind(Buffer.from("a"))).toBe(PAYLOAD_KINDS.buffer);
    expect(plainBytesKind(new Uint8Array(2))).toBe(PAYLOAD_KINDS.uint8Array);
    for (const other of [
      new Bytes(2),
      new Int8Array(2),
      new DataView(new ArrayBuffer(2)),
      new ArrayBuffer(2),
      "a",
      null,
      undefined,
      {},
      [],
    ]) {
      expect(plainBytesKind(other)).toBe(undefined);
    }
  });

  it("are written from the middle of a chunk, and come back of the same class, in memory of their own", async () => {
    const chunk = Buffer.from("before bytes after");
    const codec = await openCodec();
    for (const value of [chunk.subarray(7, 12), new Uint8Array(chunk.buffer, chunk.byteOffset + 7, 5)]) {
      const bytes = Buffer.from(await codec.encode(value, "k"));
      const { value: back } = await codec.decode(bytes, "k");
      bytes.fill(0);
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(value));
      expect(Buffer.from(back as Uint8Array).toString()).toBe("bytes");
    }
  });

  it("may have what libraries hang on them; inside other values that is refused", async () => {
    const value = Object.assign(Buffer.from("a"), { dataView: 1 });
    const codec = await openCodec();
    expect((await codec.decode(await codec.encode(value, "k"), "k")).value).toEqual(Buffer.from("a"));
    await expect(async () => codec.encode([value], "k")).rejects.toMatchObject({ path: "$[0]" });
  });

  it("of a subclass are refused, not written as their base", async () => {
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ serializer });
      await expect(async () => codec.encode(new Bytes(2), "k")).rejects.toMatchObject({
        code: "GCX_SERIALIZATION_VALUE",
      });
    }
  });
});
